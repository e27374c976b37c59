"""Moving from the bash tool: ``octeth-backupd import``."""
