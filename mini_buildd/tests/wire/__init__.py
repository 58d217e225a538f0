"""Tests of the messages that cross a process border."""
