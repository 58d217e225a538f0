"""Writes doc/reference/problems.md anew, after a change of domain/problem.py."""

from pathlib import Path

from mini_buildd.domain.problem_list import reference

if __name__ == "__main__":
    target = Path(__file__).parents[2] / "doc/reference/problems.md"
    target.write_text(reference(), encoding="utf-8")
