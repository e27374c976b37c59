"""Stopping, starting and fencing a server: one kind of power switch for each way it runs."""
