"""Tests of Debian's own grammar, against Debian's own tools."""
