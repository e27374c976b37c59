"""Retention at work: what is known goes to the planner, and what expires is deleted."""
