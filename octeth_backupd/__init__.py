"""octeth-backupd: hot physical backups of MySQL and MariaDB servers that are checked before they are called good."""

__version__ = "0.1.0"
