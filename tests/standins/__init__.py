"""Stand-ins for programs that no test machine can install, and engines that lie. See README.md."""
