"""Running programs, on the host and in containers; the doors to Docker, the clock and the file system."""
