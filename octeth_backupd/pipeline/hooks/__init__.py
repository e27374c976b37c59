"""Programs of the operator, run before and after backups and restores."""
