"""Tests of the archive tree, read by the real apt and gpgv."""
