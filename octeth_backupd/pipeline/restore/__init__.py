"""The operations around a restore: restore, undo, verify deeply, resolve what was interrupted."""
