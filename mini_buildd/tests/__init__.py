"""Tests, mirroring the rooms; and what uses the whole: demo, benches, campaigns."""
