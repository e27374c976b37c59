"""Restores: the plan, the state machine, and every decision that needs no input or output."""
