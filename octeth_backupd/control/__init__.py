"""Requests come in: HTTP over the Unix socket."""
