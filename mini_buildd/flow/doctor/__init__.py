"""``mini-buildd doctor``: what this machine lacks for building; it changes nothing."""
