"""What we know of sbuild, mmdebstrap, apt, dose, distro-info: command lines made, results read."""
