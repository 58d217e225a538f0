"""Many wrong inputs: signed uploads with bytes changed, added, moved or cut, thrown at the door.

Nothing may be taken for signed that is not, byte for byte, what was signed; nothing but the named
rejections may happen; no input may take long.
"""

import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from mini_buildd.deb.changes import parse_changes
from mini_buildd.deb.deb822 import MalformedControl
from mini_buildd.deb.names import MalformedName
from mini_buildd.keys import gpg
from mini_buildd.keys.verify import BadSignature, NotOneSignedText, UnknownKey, keyring_for, verify
from mini_buildd.tests.figures import table

_COUNT = 20_000

CHANGES = b"""Format: 1.8
Date: Fri, 20 Nov 2026 10:00:00 +0000
Source: mbd-tiny
Architecture: source
Version: 1.0~test13+1
Distribution: trixie-test-unstable
Urgency: medium
Maintainer: Pat Packager <pat@example.invalid>
Changed-By: Pat Packager <pat@example.invalid>
Description:
 mbd-tiny   - the smallest package that a test can build
Changes:
 mbd-tiny (1.0~test13+1) trixie-test-unstable; urgency=medium
 .
   * Upload.
Checksums-Sha256:
 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 mbd-tiny_1.0~test13+1.dsc
Files:
 d41d8cd98f00b204e9800998ecf8427e 0 misc optional mbd-tiny_1.0~test13+1.dsc
"""


def run(arguments: list[str]) -> int:
    """As many inputs as the argument says (20,000); the exit status is 1 when one got through."""
    count = int(arguments[0]) if arguments else _COUNT
    answers, slowest, faults = throw(count)
    table(
        f"inputs: {count} changed uploads",
        ("answer", "times"),
        [(answer, times) for answer, times in answers.most_common()],
    )
    print(f"  slowest answer {slowest * 1000:.0f} ms; got through: {len(faults)}")
    for fault in faults[:5]:
        print(f"  {fault[:300]!r}")
    return 1 if faults else 0


def throw(count: int) -> tuple[Counter[str], float, list[bytes]]:
    """Answers with how often each was given, the slowest in seconds, and what got through."""
    folder = Path(tempfile.mkdtemp(prefix="mbd-inputs-"))
    home = folder / "gnupg"
    home.mkdir(mode=0o700)
    answers: Counter[str] = Counter()
    slowest, faults = 0.0, []
    try:
        key = gpg.make_signing_key(home, "Pat Packager", "pat@example.invalid", expires="1y")
        signed = gpg.sign(home, (key,), CHANGES, detached=False)
        keyring = keyring_for(folder, [gpg.export_key(home, key)])
        for number in range(count):
            data = change(signed, random.Random(number))  # noqa: S311  # inputs, not secrets
            started = time.monotonic()
            answer, is_fault = _answer(data, keyring)
            slowest = max(slowest, time.monotonic() - started)
            answers[answer] += 1
            if is_fault:
                faults.append(data)
    finally:
        gpg.stop_agent(home)
        shutil.rmtree(folder)
    return answers, slowest, faults


def _answer(data: bytes, keyring: Path) -> tuple[str, bool]:
    """What the door says to *data*, and whether that is a fault."""
    try:
        text = verify(data, keyring).text
        parse_changes(text)
    except (NotOneSignedText, UnknownKey, BadSignature, MalformedControl, MalformedName) as error:
        return type(error).__name__, False
    if _meaning(text) != _meaning(CHANGES):
        return "TAKEN THOUGH NEVER SIGNED", True
    return "taken: only what a signature does not cover was changed", False


def _meaning(text: bytes) -> list[bytes]:
    """White space at the end of lines is not covered by a clear-text signature (RFC 9580, 7.2)."""
    return [line.rstrip() for line in text.strip().splitlines()]


def change(data: bytes, rng: random.Random) -> bytes:
    """*data* with one to three changes."""
    for _ in range(rng.randint(1, 3)):
        data = rng.choice(_CHANGES)(data, rng)
    return data


def _flip(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]


def _insert(data: bytes, rng: random.Random) -> bytes:
    more = (b"Distribution: elsewhere\n", b"\n\n", b" ", b"\0", b"- ", b"\r", b"../", b"\xff", b"#")
    at = rng.randrange(len(data))
    return data[:at] + rng.choice(more) + data[at:]


def _cut(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + data[at + rng.randint(1, 40) :] or b"x"


def _paragraph(data: bytes, rng: random.Random) -> bytes:
    more = b"Source: other\nDistribution: elsewhere\n\n"
    return more + data if rng.random() < 0.5 else data + b"\n" + more  # heads or tails


def _twice(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + data + data[at:]


def _swap_lines(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    one, two = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]
    return b"".join(lines)


_CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip,
    _insert,
    _cut,
    _paragraph,
    _twice,
    _swap_lines,
)
