"""What is asked of a MySQL server: identity, address, data directory, SQL."""
