"""dput-ng as Debian ships it, without installing it: it does not go together with dput."""

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.tests.incoming.run import run

_PACKAGES = (
    *("dput-ng", "python3-dput", "python3-debian", "python3-chardet"),
    *("python3-paramiko", "python3-nacl", "python3-bcrypt", "python3-six"),
)


@dataclass(frozen=True, slots=True)
class DputNg:
    """Unpacked in *root*, run by a user whose home is *home*."""

    root: Path
    home: Path

    def set_up(self) -> None:
        """What would stand in /etc and /usr, where it looks for it as well."""
        for kind in (self.root / "etc" / "dput.d").iterdir():
            if kind.is_dir():
                shutil.copytree(kind, self.home / ".dput.d" / kind.name, dirs_exist_ok=True)
        (self.home / "skel").symlink_to(self.root / "usr" / "share" / "dput-ng")

    def upload(self, alias: str, changes: Path, *, check: bool = True) -> str:
        """What it says when it uploads to *alias*; the files are not signed in these tests."""
        libraries = self.root / "usr" / "lib" / "python3" / "dist-packages"
        environment = {**os.environ, "HOME": str(self.home), "PYTHONPATH": str(libraries)}
        environment.pop("SSH_AUTH_SOCK", None)
        command = ["/usr/bin/python3", str(self.root / "usr" / "bin" / "dput"), "-u"]
        unsigned = ["-O", "allow_unsigned_uploads=true", alias, str(changes)]
        return run(*command, *unsigned, cwd=self.home, env=environment, check=check)


def fetch(folder: Path) -> Path:
    """Fetch and unpack it once, below *folder*."""
    root = folder / "dput-ng"
    if not root.is_dir():
        scratch = folder / f"dput-ng.{os.getpid()}"
        scratch.mkdir(parents=True)
        run("apt-get", "download", *_PACKAGES, cwd=scratch)
        for package in scratch.glob("*.deb"):
            run("dpkg-deb", "-x", package, scratch / "root")
        with contextlib.suppress(OSError):  # another run of the tests was quicker
            (scratch / "root").rename(root)
        shutil.rmtree(scratch, ignore_errors=True)
    return root
