"""``octeth-backupd setup``: looks at this host, asks, and writes what the daemon needs."""
