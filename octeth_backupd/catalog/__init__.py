"""The catalog: what the daemon knows about servers, runs, slots, backups and copies."""
