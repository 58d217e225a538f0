"""Tests of the ways in, with real clients."""
