"""What people are told: notices, the problems they are about, and their delivery."""
