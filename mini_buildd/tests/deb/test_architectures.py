"""Architecture wildcards cover what dpkg says that they cover."""

import subprocess
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from mini_buildd.deb.architectures import covers
from mini_buildd.deb.names import Architecture, ArchitectureWildcard

_KNOWN = ["amd64", "i386", "arm64", "armhf", "riscv64", "kfreebsd-amd64", "hurd-i386", "all"]
_WILDCARDS = [
    *_KNOWN,
    "any",
    "linux-any",
    "kfreebsd-any",
    "any-amd64",
    "any-i386",
    "gnu-any-any",
    "musl-linux-any",
    "source",
    "nonsense",
]


@cache
def _dpkg_says(wildcard: str, architecture: str) -> bool:
    command = ["dpkg-architecture", "-a", architecture, "-i", wildcard]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@given(st.sampled_from(_WILDCARDS), st.sampled_from(_KNOWN[:-1]))
@settings(deadline=None)
def test_a_wildcard_covers_what_dpkg_says(wildcard: str, architecture: str) -> None:
    if wildcard == "all":
        return
    found = covers(ArchitectureWildcard(wildcard), Architecture(architecture))
    assert found == _dpkg_says(wildcard, architecture)


def test_all_covers_itself_and_nothing_else() -> None:
    for wildcard in _WILDCARDS:
        is_all = wildcard == "all"
        assert covers(ArchitectureWildcard(wildcard), Architecture("all")) == is_all
        assert covers(ArchitectureWildcard("all"), Architecture(wildcard)) == is_all


@given(
    st.from_regex(ArchitectureWildcard.grammar, fullmatch=True).filter(str.isascii),
    st.from_regex(Architecture.grammar, fullmatch=True).filter(str.isascii),
)
def test_unknown_architectures_are_no_trouble(wildcard: str, architecture: str) -> None:
    covers(ArchitectureWildcard(wildcard), Architecture(architecture))
