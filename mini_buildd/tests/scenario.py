"""A whole scene in one folder: an instance that is set up, and a packager who may upload to it."""

import os
import shutil
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from mini_buildd.deb.names import Codename
from mini_buildd.flow.generations import Generations, made_at_of, own_subids
from mini_buildd.keys import gpg
from mini_buildd.kit.clock import utc_now
from mini_buildd.kit.lock import locked
from mini_buildd.tests.instance import Instance
from mini_buildd.tests.packager import Packager, Upload
from mini_buildd.tests.sources import tiny
from mini_buildd.tools.log_file import open_log
from mini_buildd.tools.root import RootCommands

# What is older is made anew: a daemon would refresh it in the middle of something else.
_FRESH_HOURS = 12


def cache_folder() -> Path:
    """Where what is expensive to make is kept between runs, outside the tree."""
    return Path(os.environ["MINI_BUILDD_CACHE"])


def host_codename() -> Codename:
    """This machine's release (os-release(5))."""
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    fields = dict(line.split("=", 1) for line in lines if "=" in line)
    return Codename(fields["VERSION_CODENAME"].strip('"'))


def host_architecture() -> str:
    """This machine's architecture, as dpkg says."""
    told = subprocess.run(
        ["dpkg", "--print-architecture"], check=True, capture_output=True, text=True
    )
    return told.stdout.strip()


@dataclass(slots=True)
class Scenario:
    """Everything below *folder*; *repository* "test" for this machine's release.

    It is for *architecture*, which also builds what is for all, and *others* beside it; those
    of *crossed* are cross-compiled on it.
    """

    folder: Path
    instance: Instance = field(init=False)
    packager: Packager = field(init=False)
    codename: Codename = field(default_factory=host_codename)
    architecture: str = field(default_factory=host_architecture)
    others: tuple[str, ...] = ()
    crossed: tuple[str, ...] = ()
    _made: int = field(default=0, init=False)
    _borrowed: ExitStack = field(default_factory=ExitStack, init=False)

    def __post_init__(self) -> None:
        self.instance = Instance(self.folder / "instance")
        self.packager = Packager(self.folder / "packager")

    @property
    def chroot(self) -> Path:
        """The tarball that builds start from."""
        return self._chroot(self.architecture)

    def _chroot(self, architecture: str) -> Path:
        return self.instance.home / "chroots" / f"{self.codename}-{architecture}.tar.zst"

    @property
    def _chroots(self) -> list[Path]:
        return [self._chroot(each) for each in (self.architecture, *self.others)]

    @property
    def distribution(self) -> str:
        """Where uploads go."""
        return f"{self.codename}-test-unstable"

    def version(self, base: str, number: int = 1) -> str:
        """*base* with the ending that the layout demands."""
        return f"{base}~test{self.version_code}+{number}"

    @property
    def version_code(self) -> str:
        """What stands for the release in versions."""
        row = self.instance.one(
            "SELECT version_code FROM mini_buildd_base WHERE codename = ?", self.codename
        )
        if row is None:
            raise AssertionError(f"{self.codename} is not set up")
        return str(row["version_code"])

    def set_up(self) -> None:
        """Configure the instance, with the chroot from the cache where there is one."""
        self.packager.home.mkdir(parents=True, exist_ok=True)
        self.instance.configure()
        self.borrow_chroot()
        self.instance.call(*self.setup_arguments())
        self.keep_chroot()

    def setup_arguments(self) -> tuple[str, ...]:
        """The arguments of ``mini-buildd`` that set this scene up."""
        return (
            "setup",
            f"--codename={self.codename}",
            *(f"--architecture={each}" for each in (self.architecture, *self.others)),
            *(f"--cross={each}" for each in self.crossed),
            "--uploader=pat",
            f"--email={self.packager.email}",
            f"--key={self.packager.public_key()}",
        )

    def borrow_chroot(self) -> None:
        """Take the chroots that an earlier run has left in the cache, while they are fresh.

        Their unpacked generations stay the cache's own, and stay there as long as the scene is
        open.
        """
        for chroot in self._chroots:
            kept, ours = _kept(chroot), generations_beside(chroot)
            with kept.alone():
                names = kept.names()
                if not names or _age_hours(names[-1]) > _FRESH_HOURS or chroot.exists():
                    continue
                ours.folder.mkdir(parents=True, exist_ok=True)
                _link_or_copy(kept.folder.with_name(chroot.name), chroot)
                ours.path(names[-1]).symlink_to(kept.path(names[-1]))
                self._borrow(kept.path(names[-1]))

    def keep_chroot(self) -> None:
        """Leave the chroots in the cache for later runs, and borrow them from there."""
        for chroot in self._chroots:
            self._keep(chroot, generations_beside(chroot), _kept(chroot))

    def _keep(self, chroot: Path, ours: Generations, kept: Generations) -> None:
        name = (ours.names() or [""])[-1]
        if not name or ours.path(name).is_symlink():
            return
        with kept.alone():
            if kept.path(name).exists():  # of the same tarball, unpacked by another run
                return
            ours.path(name).rename(kept.path(name))
            ours.path(name).symlink_to(kept.path(name))
            self._borrow(kept.path(name))
            tarball = kept.folder.with_name(chroot.name)
            tarball.unlink(missing_ok=True)
            _link_or_copy(chroot, tarball)
            kept.remove_unused(but={name})

    def _borrow(self, generation: Path) -> None:
        self._borrowed.enter_context(locked(generation / "lock", is_shared=True))

    def make_tiny(
        self,
        name: str = "mbd-tiny",
        *,
        version: str | None = None,
        distribution: str | None = None,
        sign: bool = True,
    ) -> Upload:
        """A signed upload of one of our tiny packages, in a folder of its own."""
        self._made += 1
        folder = self.folder / "sources" / f"{self._made}-{name}"
        tree = tiny(name, folder)
        self.packager.change(
            tree,
            version=version or self.version("1.0"),
            distribution=distribution or self.distribution,
            text="Upload.",
        )
        return self.packager.build_source(tree, sign=sign)

    def apt_sources(self) -> bytes:
        """The .sources snippet that the instance serves for the distribution."""
        status, body, _ = self.instance.get(f"/archive/test/{self.distribution}.sources")
        if status != 200:
            raise AssertionError(f"no snippet for {self.distribution}: {status}")
        return body

    def log_of(self, job_id: int) -> str:
        """The end of the log of a job's newest attempt, for a test that has to explain itself."""
        attempt = self.instance.attempt_of(job_id)
        if attempt is None:
            return "it was never tried"
        log = self.instance.home / "builds" / attempt["token"] / "log"
        with open_log(log) as stream:
            return stream.read().decode(errors="replace")[-3000:]

    def close(self) -> None:
        """End every process that belongs to the scene."""
        self.instance.kill()
        self.instance.end_builds()
        self.packager.close()
        gpg.stop_agent(self.instance.home / "gnupg")
        self._borrowed.close()
        self._remove_what_belongs_to_cells()
        for generations in map(generations_beside, self._chroots):
            if generations.folder.is_dir():  # who removes the scene's folder could not remove these
                with generations.alone():
                    generations.remove_unused(but=())

    def _remove_what_belongs_to_cells(self) -> None:
        """Who removes the scene's folder could not remove this."""
        commands = RootCommands(own_subids())
        for folder in (self.instance.home / "layers", *self.instance.home.glob("builds/*/work")):
            subprocess.run(commands.remove(folder), check=True)


def generations_beside(tarball: Path) -> Generations:
    """The unpacked generations of the chroot with that tarball."""
    return Generations(tarball.with_name(tarball.name.removesuffix(".tar.zst")))


def _age_hours(generation: str) -> float:
    return (utc_now() - made_at_of(generation)).total_seconds() / 3600


def _kept(chroot: Path) -> Generations:
    """Where the cache has the generations of *chroot*."""
    (cache_folder() / "chroots").mkdir(parents=True, exist_ok=True)
    return generations_beside(cache_folder() / "chroots" / chroot.name)


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)
