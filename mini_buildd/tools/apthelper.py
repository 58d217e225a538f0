"""Downloading one file by apt itself (apt-helper, of the package apt).

So proxies, certificates and time-outs are those that somebody has set up for this machine's apt.
"""

import signal
from collections.abc import Iterable
from pathlib import Path

_HELPER = "/usr/lib/apt/apt-helper"
_SILENT_SECONDS = 30
_LEAST_SECONDS = 60
_LEAST_BYTES_PER_SECOND = 100_000
# What apt's methods say of a file that is not there: http, https; copy.
_ABSENT = ("404  ", "410  ", "Failed to stat", "File not found", "No such file")

# What the kernel ends them with when they write more than they may.
_ENDED = f"received signal {int(signal.SIGXFSZ)}"


def download_command(url: str, target: Path, size_bytes: int) -> list[str]:
    """Download *url*, of *size_bytes* at most, to *target*; the status is not 0 if that fails.

    One try, with an end: what does not come at a hundred kilobytes a second does not come.
    """
    seconds = _LEAST_SECONDS + size_bytes // _LEAST_BYTES_PER_SECOND
    options = {
        "Acquire::Retries": 0,
        "Acquire::http::Timeout": _SILENT_SECONDS,
        "Acquire::https::Timeout": _SILENT_SECONDS,
        "APT::Sandbox::User": "",  # the folder belongs to whoever calls
    }
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    # Of a file on this machine apt would leave a link only.
    copied = f"copy:{url.removeprefix('file:')}" if url.startswith("file:") else url
    return [
        *("timeout", "--kill-after=9", str(seconds)),
        *("prlimit", f"--fsize={size_bytes}", "--"),
        *(_HELPER, *words, "download-file", copied, str(target)),
    ]


def is_absent(lines: Iterable[str]) -> bool:
    """Whether a download has failed since there is no such file, by what it said."""
    return any(sign in line for line in lines for sign in _ABSENT)


def is_too_large(lines: Iterable[str]) -> bool:
    """Whether a download was ended since there is more than was asked for."""
    return any(_ENDED in line for line in lines)


def read_complaint(lines: Iterable[str]) -> str:
    """What a download failed for, in apt's words."""
    complaints = [line[3:] for line in lines if line.startswith("E: Failed to fetch ")]
    words = complaints[0].split(maxsplit=4)[4:] if complaints else []
    return " ".join(" ".join(words).split()) or "apt has not said why"
