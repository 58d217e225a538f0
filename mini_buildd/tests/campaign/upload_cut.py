"""Uploads that are cut: ``./devel campaign upload-cut [N=100] [WAY..]``.

Somewhere in the middle the connection is reset, or ends, or nothing comes any more, or the daemon
is killed (-9); over all ways in, in turn. Afterwards the upload is either complete, and processed
once, or can simply be repeated; half a file is nowhere to be seen, and what is left expires.
"""

import os
import random
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mini_buildd.kit.hashing import hash_file
from mini_buildd.tests.campaign._cuts import Cut, Manner
from mini_buildd.tests.campaign._ways import (
    WAYS,
    Courier,
    NotSent,
    no_cut,
    register_ssh_key,
)
from mini_buildd.tests.figures import table
from mini_buildd.tests.instance import Unfulfilled, free_port, wait_for
from mini_buildd.tests.packager import Upload
from mini_buildd.tests.scenario import Scenario
from mini_buildd.tests.sources import tiny

_ROUNDS = 100
_IDLE_SECONDS = 2
_LEAST_BYTES, _MOST_BYTES = 100_000, 3_000_000
# FTP has no other sign that a file is whole than the end of its connection.
_TELLS_NO_END = ("ftp",)


@dataclass(slots=True)
class Round:
    """One upload by *way*, and what came of it."""

    way: str
    manner: Manner
    size_bytes: int = 0
    after_bytes: int = 0
    has_happened: bool = False
    was_whole: bool = False
    seconds: float = 0
    faults: list[str] = field(default_factory=list)


def _holds(folder: Path) -> bool:
    """Whether anything lies in *folder*, which the daemon may remove at any moment."""
    try:
        return any(folder.iterdir())
    except FileNotFoundError:
        return False


def run(arguments: list[str]) -> int:
    """As many rounds as the first argument says (100), over the ways that are named (all)."""
    count = int(arguments[0]) if arguments else _ROUNDS
    folder = Path(tempfile.mkdtemp(prefix="mbd-cut-"))
    campaign = Campaign(folder)
    try:
        campaign.set_up()
        rounds = campaign.play_all(count, arguments[1:] or list(WAYS))
        leftovers = campaign.leftovers()
        complaints = campaign.complaints()
    finally:
        campaign.close()
        shutil.rmtree(folder, ignore_errors=True)
    _print(rounds, leftovers)
    print(f"  failures in the daemon's log: {len(complaints)}", *complaints[:3], sep="\n")
    return 1 if leftovers or complaints or any(each.faults for each in rounds) else 0


class Campaign:
    """An instance in *folder* that builds nothing, and a packager who uploads to it."""

    def __init__(self, folder: Path) -> None:
        self.scene = Scenario(folder)
        self.instance = self.scene.instance
        self.courier = Courier(self.instance, folder / "id_ed25519", free_port())
        self._made = 0

    def set_up(self) -> None:
        """The daemon serves by every way in."""
        self.instance.slots = 0
        self.instance.sftp_port = free_port()
        self._settle_for(24 * 3600)
        self.courier.folder.mkdir()
        self.scene.set_up()
        register_ssh_key(self.instance, self.courier.ssh_key)
        self.instance.start()

    def _settle_for(self, keep_leftovers_seconds: int) -> None:
        self.instance.extra = (
            f"[https]\nport = {self.courier.https_port}\n"
            f"[incoming]\nidle_seconds = {_IDLE_SECONDS}\n"
            f"keep_leftovers_seconds = {keep_leftovers_seconds}\n"
            f'[[watch]]\nfolder = "{self.courier.folder}"\nkeep = false\n'
        )

    def close(self) -> None:
        """End all that was started."""
        self.scene.close()

    def play_all(self, count: int, ways: Sequence[str]) -> list[Round]:
        """*count* rounds; every way meets every manner."""
        pairs = [(way, manner) for manner in Manner for way in ways]
        return [self.play(number, *pairs[number % len(pairs)]) for number in range(count)]

    def play(self, number: int, way: str, manner: Manner) -> Round:
        """One upload, cut at a moment that *number* decides."""
        rng = random.Random(number)  # noqa: S311  # moments, not secrets
        upload = self._make(rng)
        files = [*upload.files, upload.changes]
        this = Round(way, manner, sum(path.stat().st_size for path in files))
        # Now and then at the very end, where it may be whole or not; or a moment after it.
        this.after_bytes = rng.choice((rng.randrange(this.size_bytes), _near_the_end(this, rng)))
        started = time.monotonic()
        self._send_cut(this, files)
        try:
            this.was_whole = self._settled(upload)
            if not this.was_whole:
                WAYS[way](self.courier, files, no_cut())
            self._demand_once(this, upload)
            self._look_into_spool(this, files)
        except (Unfulfilled, NotSent) as error:
            this.faults.append(f"{type(error).__name__}: {error}")
        this.seconds = time.monotonic() - started
        return this

    def _send_cut(self, this: Round, files: Sequence[Path]) -> None:
        cut = Cut(this.after_bytes, this.manner, self.instance.kill)
        try:
            WAYS[this.way](self.courier, files, cut)
        except NotSent:
            pass
        else:
            tells_end = this.manner is not Manner.KILL and this.way not in _TELLS_NO_END
            if cut.has_happened.is_set() and tells_end:
                this.faults.append("the client was told that all is well")
        this.has_happened = cut.has_happened.is_set()
        if this.manner is Manner.KILL:  # perhaps all was sent, and nothing was done with it yet
            self.instance.kill()
            self.instance.start()

    def _make(self, rng: random.Random) -> Upload:
        """A signed upload with something in it that does not shrink."""
        self._made += 1
        tree = tiny("mbd-tiny", self.scene.folder / "sources" / str(self._made))
        (tree / "padding").write_bytes(os.urandom(rng.randrange(_LEAST_BYTES, _MOST_BYTES)))
        self.scene.packager.change(
            tree,
            version=self.scene.version(f"1.{self._made}"),
            distribution=self.scene.distribution,
            text="Upload.",
        )
        return self.scene.packager.build_source(tree)

    # --- what holds afterwards --------------------------------------------------------------

    def _settled(self, upload: Upload) -> bool:
        """Whether it is accepted, once nothing more happens to it by itself."""
        spool = self.instance.home / "spool"

        def look() -> str | None:
            if self._accepted(upload):
                return "accepted"
            waits = _holds(spool / "files" / upload.name) or self._received(upload)
            waits = waits or self._lies_in_folder(upload)
            return None if waits or any((spool / "parts").iterdir()) else "to be repeated"

        return wait_for(f"{upload.name} has settled", look, seconds=60) == "accepted"

    def _lies_in_folder(self, upload: Upload) -> bool:
        """Whether it was copied there wholly, or is being taken from there."""
        folder = self.courier.folder
        files = [*upload.files, upload.changes]
        there = [folder / path.name for path in files]
        is_whole = all(
            path.exists() and path.stat().st_size == sent.stat().st_size
            for path, sent in zip(there, files, strict=True)
        )
        return is_whole or any(folder.glob(f".taken/*/{upload.name}"))

    def _accepted(self, upload: Upload) -> int:
        return self._count(upload, "accepted")

    def _received(self, upload: Upload) -> int:
        return self._count(upload, "received")

    def _count(self, upload: Upload, state: str) -> int:
        sql = "SELECT count(*) AS n FROM mini_buildd_upload WHERE changes_name = ? AND state = ?"
        found: int = self.instance.rows(sql, upload.name, state)[0]["n"]
        return found

    def _demand_once(self, this: Round, upload: Upload) -> None:
        wait_for(f"{upload.name} is accepted", lambda: self._accepted(upload), seconds=60)
        wait_for(f"{upload.name} is done with", lambda: not self._received(upload), seconds=60)
        sources = self.instance.rows(
            "SELECT count(*) AS n FROM mini_buildd_source s JOIN mini_buildd_upload u"
            " ON u.id = s.upload_id WHERE u.changes_name = ?",
            upload.name,
        )[0]["n"]
        if (self._accepted(upload), sources) != (1, 1):
            this.faults.append(f"accepted {self._accepted(upload)} times, {sources} sources")
        pool = self.instance.home / "archive" / "test" / "pool"
        for path in upload.files:
            found = [hash_file(each).sha256 for each in pool.rglob(path.name)]
            if path.suffix != ".buildinfo" and found != [hash_file(path).sha256]:
                this.faults.append(f"{path.name} is not in the pool as it was sent")

    def _look_into_spool(self, this: Round, files: Sequence[Path]) -> None:
        """Of the files of this upload, only whole ones may be left."""
        spool = self.instance.home / "spool"
        for path in files:
            for left in (spool / "files" / path.name).glob("*"):
                is_whole = hash_file(left).sha256 == hash_file(path).sha256
                if not is_whole and this.way not in _TELLS_NO_END:
                    this.faults.append(f"half of {path.name} can be seen")
        if any((spool / "uploads").iterdir()):
            wait_for(
                "uploads/ is empty", lambda: not any((spool / "uploads").iterdir()), seconds=20
            )

    def complaints(self) -> list[str]:
        """What the daemon has logged of failures: none of the cuts is one of its own."""
        log = self.instance.daemon_log.read_text(encoding="utf-8", errors="replace")
        return [each[:2000] for each in log.split("Traceback (most recent call last)")[1:]]

    def leftovers(self) -> list[str]:
        """What is in the spool once leftovers have expired."""
        self.instance.stop()
        self._settle_for(1)
        self.instance.configure()
        spool = self.instance.home / "spool"
        begun = time.time()
        wait_for("it is old enough", lambda: time.time() - begun > 1.5, seconds=5)
        self.instance.start()

        def left() -> list[Path]:
            both = (*spool.rglob("*"), *self.courier.folder.rglob("*"))
            return [path for path in both if path.is_file()]

        try:
            wait_for("the spool is empty", lambda: not left(), seconds=60)
        except Unfulfilled:
            return [str(path) for path in left()]
        return []


def _near_the_end(this: Round, rng: random.Random) -> int:
    return this.size_bytes + rng.randint(-4000, 4000)


def _print(rounds: list[Round], leftovers: list[str]) -> None:
    table(
        f"upload-cut: {len(rounds)} uploads",
        ("way", "what happened", "of bytes", "after", "was whole", "seconds", "faults"),
        [
            (
                each.way,
                each.manner if each.has_happened else f"nothing ({each.manner.name.lower()})",
                each.size_bytes,
                each.after_bytes,
                "yes" if each.was_whole else "no",
                f"{each.seconds:.1f}",
                "; ".join(each.faults) or "none",
            )
            for each in rounds
        ],
    )
    print(f"  left in the spool once leftovers have expired: {leftovers or 'nothing'}")
