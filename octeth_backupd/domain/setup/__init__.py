"""What setup proposes and writes: decisions and texts."""
