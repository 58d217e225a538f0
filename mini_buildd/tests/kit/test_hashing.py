"""Size and digests, as coreutils compute them."""

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from mini_buildd.kit.clock import utc_now
from mini_buildd.kit.hashing import hash_file


@pytest.mark.parametrize("content", [b"", b"hello\n", b"\0" * (3 << 20) + b"end"])
def test_digests_agree_with_coreutils(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    digests = hash_file(path)
    assert digests.size_bytes == len(content)
    for tool in ("md5", "sha1", "sha256"):
        told = subprocess.run([f"{tool}sum", path], check=True, capture_output=True, text=True)
        assert getattr(digests, tool) == told.stdout.split()[0]


def test_the_present_moment_is_aware_and_in_utc() -> None:
    assert utc_now().utcoffset() == timedelta(0)
