"""Notifiers: ways in which a notice reaches people and other programs."""
