"""The whole program with the real tools around it."""
