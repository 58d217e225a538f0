"""Bytes from strangers at every door: what may happen then, and seeds that lead far inside."""
