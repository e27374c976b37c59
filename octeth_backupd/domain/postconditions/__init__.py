"""What must hold of a finished backup before it is called good: pure functions over evidence."""
