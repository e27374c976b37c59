"""The programs that make a physical backup: XtraBackup and mariadb-backup."""
