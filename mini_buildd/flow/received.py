"""A received upload, as its folder in the spool holds it."""

from functools import partial
from pathlib import Path

from mini_buildd.db.models import Upload
from mini_buildd.domain import problem
from mini_buildd.flow.examine import Examined, Sent, examine
from mini_buildd.flow.signature import open_changes
from mini_buildd.flow.site import Site

# What verifying and parsing take at most.
MAX_CONTROL_BYTES = 4 << 20


def examine_received(site: Site, upload: Upload) -> Examined:
    """Ask all rules of *upload*; raises Rejection when its .changes cannot be read."""
    folder, name = site.spool.upload(upload.token), upload.changes_name
    # As it was when it was received: the folder may stand for something else by now.
    suites = {upload.signed_distribution: upload.distribution_name}
    opened = open_changes(site, name, _read(folder, name), suites)
    return examine(site, opened, sent_in(folder))


def sent_in(folder: Path) -> Sent:
    """The files in *folder*."""
    return Sent(partial(_read, folder), lambda name: (folder / name).exists())


def read_control(path: Path) -> bytes:
    """The control data at *path*; of more than there can be, one byte too many."""
    with path.open("rb") as stream:
        return stream.read(MAX_CONTROL_BYTES + 1)


def _read(folder: Path, name: str) -> bytes:
    try:
        return read_control(folder / name)
    except FileNotFoundError:
        raise problem.FileMissing(
            expected=f"{name}, as it was received",
            found="that it is gone from the spool",
            hint=problem.FileMissing.next_step,
        ) from None
