"""The ways in: servers that take files into the spool, and the spool itself."""
