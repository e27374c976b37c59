"""The commands of octeth-backupctl, one module each; ``registry`` is the list."""
