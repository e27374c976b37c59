"""Reading the configuration: file, environment, systemd credentials."""
