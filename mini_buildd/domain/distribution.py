"""Distributions: <codename>-<repository>-<suite>, such as trixie-test-unstable."""

import re
from dataclasses import dataclass
from typing import Self

from mini_buildd.deb.names import Codename, MalformedName, Name


class RepositoryName(Name):
    """A repository's identity; part of versions, so without separators."""

    __slots__ = ()
    kind = "repository name"
    grammar = re.compile(r"[a-z][a-z]{0,30}")


class SuiteName(Name):
    """A suite within a layout."""

    __slots__ = ()
    kind = "suite name"
    grammar = re.compile(r"[a-z][a-z0-9]{0,30}")


_PARTS = re.compile(r"([^-]*)-([^-]*)-([^-]*)")


@dataclass(frozen=True, slots=True)
class DistributionName:
    """The three parts, each parsed."""

    codename: Codename
    repository: RepositoryName
    suite: SuiteName

    @classmethod
    def parse(cls, text: str) -> Self:
        """From ``codename-repository-suite``; raises MalformedName."""
        match = _PARTS.fullmatch(text)
        if match is None:
            raise MalformedName("distribution name (codename-repository-suite)", text)
        codename, repository, suite = match.groups()
        return cls(Codename(codename), RepositoryName(repository), SuiteName(suite))

    def __str__(self) -> str:
        return f"{self.codename}-{self.repository}-{self.suite}"
