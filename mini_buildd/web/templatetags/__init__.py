"""What templates need to say times, sizes and states."""
