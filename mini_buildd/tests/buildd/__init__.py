"""Tests of mini_buildd.buildd: a build in a process of its own, and whatever end it takes."""
