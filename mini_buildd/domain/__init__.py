"""The nouns and rules of mini-buildd on plain values: no I/O, no framework."""
