"""What a download by apt-helper failed for, told from what it says."""

import pytest

from mini_buildd.tools.apthelper import is_absent, is_too_large, read_complaint

_URL = "http://mirror.example/pool/main/h/hello/hello_9.orig.tar.gz"


@pytest.mark.parametrize(
    ("said", "absent", "too_large", "complaint"),
    [
        (
            [f"E: Failed to fetch {_URL}  404  Not Found [IP: 192.0.2.1 80]"],
            True,
            False,
            "404 Not Found [IP: 192.0.2.1 80]",
        ),
        (
            [f"E: Failed to fetch {_URL}  Could not connect to mirror.example:80 (192.0.2.1)."],
            False,
            False,
            "Could not connect to mirror.example:80 (192.0.2.1).",
        ),
        (
            ["E: Method http has died unexpectedly!", "E: Sub-process http received signal 25."],
            False,
            True,
            "apt has not said why",
        ),
        ([], False, False, "apt has not said why"),
    ],
)
def test_what_it_failed_for_is_told(
    said: list[str], complaint: str, *, absent: bool, too_large: bool
) -> None:
    assert (is_absent(said), is_too_large(said)) == (absent, too_large)
    assert read_complaint(said) == complaint
