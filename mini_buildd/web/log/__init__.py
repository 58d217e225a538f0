"""Logs of any size: a window of lines, an index that grows with the log, bytes to follow."""
