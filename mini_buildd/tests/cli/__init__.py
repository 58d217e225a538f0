"""Tests of mini_buildd.cli, as a person runs it."""
