"""The permissions of Debian Maintainers, as the Debian archive publishes them."""

import pytest

from mini_buildd.deb.deb822 import MalformedControl
from mini_buildd.deb.dm_permissions import parse_permissions

ONE, TWO = "A" * 40, "B" * 40
TEXT = f"""\
Fingerprint: {ONE}
Uid: Jürgen Maintainer <j@example.invalid>
Allow: hello ({TWO}),
 libfoo++ ({TWO}),
 bar2

Fingerprint: {TWO}
Uid: Nobody In Particular <n@example.invalid>
Allow:

"""


def test_each_key_has_its_source_packages_whoever_has_allowed_them() -> None:
    assert parse_permissions(TEXT.encode()) == {ONE: ("hello", "libfoo++", "bar2"), TWO: ()}
    assert parse_permissions(b"") == {}


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("hello", "../hello"),
        TEXT.replace("hello", "*"),
        TEXT.replace(ONE, "every one"),
        TEXT.replace(f"Fingerprint: {TWO}\n", ""),
        TEXT.replace(f"hello ({TWO}),", f"hello ({TWO}"),
    ],
)
def test_nothing_counts_of_a_file_that_is_not_well_formed(text: str) -> None:
    with pytest.raises(MalformedControl):
        parse_permissions(text.encode())
