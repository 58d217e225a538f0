"""Tests of the few standard-library tools."""
