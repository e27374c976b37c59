"""What a sync decides: whose file is what, what the catalog must learn, what may be repaired."""
