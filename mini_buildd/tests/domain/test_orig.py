"""Which files are looked for in the base release's archive, and where."""

import pytest

from mini_buildd.deb.names import Component, PlainFilename, SourceName
from mini_buildd.domain.orig import is_orig, next_delay, pool_urls

MAIN, CONTRIB = Component("main"), Component("contrib")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hello_1.0.orig.tar.gz", True),
        ("hello_1.0.orig.tar.xz.asc", True),
        ("hello_1.0.orig-docs-2.tar.bz2", True),
        ("hello_1.0.orig-docs.tar.xz.asc", True),
        ("hello_1.0.tar.xz", False),
        ("hello_1.0-1.debian.tar.xz", False),
        ("hello_1.0-1.diff.gz", False),
        ("hello_1.0.orig.tar", False),
        ("hello_1.0.orig.tar.gz.sig", False),
    ],
)
def test_only_upstream_tarballs_and_their_signatures_are_looked_for(
    name: str, *, expected: bool
) -> None:
    assert is_orig(PlainFilename(name)) is expected


def test_the_uploads_own_component_comes_first_and_no_place_twice() -> None:
    urls = pool_urls(
        [("http://a.example/debian/", [MAIN, CONTRIB]), ("http://b.example", [MAIN])],
        CONTRIB,
        SourceName("libfoo"),
        PlainFilename("libfoo_1.orig.tar.gz"),
    )
    rest = "libf/libfoo/libfoo_1.orig.tar.gz"
    assert urls == (
        f"http://a.example/debian/pool/contrib/{rest}",
        f"http://b.example/pool/contrib/{rest}",
        f"http://a.example/debian/pool/main/{rest}",
        f"http://b.example/pool/main/{rest}",
    )


def test_tries_come_to_an_end() -> None:
    delays = [next_delay(tries) for tries in range(1, 6)]
    assert delays == [30, 120, 480, None, None]
