"""Tests of mini_buildd.flow, the story, with a real database, real gpg and a real tree."""
