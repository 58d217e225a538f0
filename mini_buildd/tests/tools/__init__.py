"""What we know of the tools: command lines made, results read."""
