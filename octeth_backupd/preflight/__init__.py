"""Checks: each asks one question before a backup runs."""
