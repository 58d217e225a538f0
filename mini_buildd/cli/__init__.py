"""The administrator's command line, mini-buildd."""
