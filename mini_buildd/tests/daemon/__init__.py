"""Tests of mini_buildd.daemon: threads, wake-ups, and what is served."""
