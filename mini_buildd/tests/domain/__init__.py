"""Tests of the rules on plain values."""
