"""The two command lines, octeth-backupd and octeth-backupctl."""
