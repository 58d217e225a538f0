"""Tests of signing and verifying, with the real GnuPG."""
