"""What we know of sbuild, mmdebstrap, apt and distro-info: command lines made, results read."""
