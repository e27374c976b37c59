"""Process lifecycle, coordinator, recovery after a crash, systemd."""
