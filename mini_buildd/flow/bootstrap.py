"""Making the root of a chroot, step by step, until a build could start in it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.db.models import Base, Chroot
from mini_buildd.deb.names import Architecture, Codename
from mini_buildd.domain.problem import ChrootUnfit
from mini_buildd.flow.generations import own_subids
from mini_buildd.kit.commands import Commands, Say
from mini_buildd.kit.process import CommandFailed
from mini_buildd.tools import debootstrap, foreign, hostapt, mmdebstrap, rootcheck
from mini_buildd.tools.mmdebstrap import ChrootSource
from mini_buildd.tools.root import SCAFFOLD, RootCommands
from mini_buildd.tools.snippets import find_snippets, packages_of

_UPDATE = ("apt-get", "--quiet", "--error-on=any", "update")
_INSTALL = ("apt-get", "--quiet", "--yes", "--no-install-recommends", "install")
_UPGRADE = ("apt-get", "--quiet", "--yes", "dist-upgrade")


def sources_of(base: Base) -> list[ChrootSource]:
    """The apt sources of *base*: what its chroots are made from and keep."""
    return [
        ChrootSource(
            row.url, row.suite, row.components, row.keyring, check_valid_until=row.check_valid_until
        )
        for row in base.apt_sources.all()
    ]


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """The root of *chroot*, in the folder *root* that is not there yet.

    *say* is told the steps, *hear* what the tools say. Every step raises CommandFailed,
    CommandsStopped and SubidsMissing.
    """

    chroot: Chroot
    root: Path
    commands: Commands
    say: Say
    hear: Say = lambda _: None

    def make(self) -> None:
        """From the archive; raises SnippetUnknown and ArchitectureNotRunnable before it begins."""
        snippets = find_snippets(self.chroot.snippets)
        sources = sources_of(self.chroot.base)
        maker = self._debootstrap if self.chroot.maker == "debootstrap" else self._mmdebstrap
        maker(sources)
        self._install_keyrings(sources)
        if packages := packages_of(snippets):
            self.say(f"installing {', '.join(packages)}")
            self._inside(*_INSTALL, *packages, online=True)
        for snippet in snippets:
            if snippet.script:
                self.say(f"running snippet {snippet.name}")
                self._script(f"MINI_BUILDD_PROXY='{hostapt.proxy()}'\n{snippet.script}")
        if self.chroot.setup.strip():
            self.say("running its own setup")
            self._script(self.chroot.setup.replace("\r\n", "\n"))
        self._inside("apt-get", "clean")

    def unpack(self, tarball: Path) -> None:
        """From a tarball that somebody has made, with lists if it has none."""
        self.say("unpacking")
        tools = self._tools()
        self.commands.run(tools.make_folder(self.root))
        self.commands.run(tools.unpack(tarball, self.root))
        if not any((self.root / "var/lib/apt/lists").glob("*_InRelease")):
            self.say("running apt-get update")
            self._inside(*_UPDATE, online=True)

    def check(self) -> None:
        """See whether apt and a tiny build work in it; raises ChrootUnfit."""
        for title, script in (("apt", rootcheck.APT), ("a tiny build", rootcheck.BUILD)):
            self.say(f"checking {title}")
            try:
                self._script(script, online=False)
            except CommandFailed as failure:
                raise ChrootUnfit(
                    expected=f"that {title} works in a chroot of {self.chroot}",
                    found=f"status {failure.status}\n{failure.said}",
                    hint="Look at its apt sources, snippets and setup; then make it anew.",
                ) from None

    def pack(self, tarball: Path) -> None:
        """Make *tarball* of it."""
        self.say("packing the tarball")
        self.commands.run(self._tools().pack(self.root, tarball))

    # --- how ----------------------------------------------------------------------

    def _mmdebstrap(self, sources: Iterable[ChrootSource]) -> None:
        command = mmdebstrap.command(
            codename=Codename(self.chroot.base.codename),
            architecture=Architecture(self.chroot.architecture),
            target=self._making,
            mode="root",  # of the namespace; its own way would go through a folder below /tmp
            sources=sources,
        )
        self._run_maker(command, mmdebstrap.progress)

    def _debootstrap(self, sources: list[ChrootSource]) -> None:
        command = debootstrap.command(
            codename=Codename(self.chroot.base.codename),
            architecture=Architecture(self.chroot.architecture),
            target=self._making,
            source=sources[0],
        )
        self._run_maker(command, debootstrap.progress)
        self.say("running apt-get update and dist-upgrade")
        lines = "\n".join(source.line for source in sources)
        self._script(f"cat > /etc/apt/sources.list <<'END'\n{lines}\nEND\n")
        self._inside(*_UPDATE, online=True)
        self._inside(*_UPGRADE, online=True)

    def _run_maker(self, command: Sequence[str], progress: Callable[[str], str | None]) -> None:
        tools, beside = self._tools(), self.root.parent
        self.commands.run(tools.make(beside, *command), self._follow(progress))
        self.commands.run(tools.remove(*(beside / name for name in SCAFFOLD)))

    @property
    def _making(self) -> Path:
        return self.root.with_name(SCAFFOLD[0])

    def _install_keyrings(self, sources: Iterable[ChrootSource]) -> None:
        """A keyring that no package brings is copied, so that apt works in there as well."""
        for keyring in {source.keyring for source in sources}:
            target = self.root / keyring.lstrip("/")
            if not target.exists():
                words = ("install", "-D", "--mode=644", keyring, str(target))
                self.commands.run(self._tools().beside(*words))

    def _follow(self, progress: Callable[[str], str | None]) -> Say:
        def hear(line: str) -> None:
            if step := progress(line):
                self.say(step)
            else:
                self.hear(line)

        return hear

    def _tools(self) -> RootCommands:
        """The commands; where the machine cannot run such programs, with an emulator of its own."""
        architecture = Architecture(self.chroot.architecture)
        if architecture in foreign.runnable_architectures():
            return RootCommands(own_subids())
        if registration := foreign.private_registration(architecture):
            return RootCommands(own_subids(), foreign.register_script(registration))
        foreign.demand_runnable(architecture)
        raise AssertionError

    def _inside(self, *words: str, online: bool = False) -> None:
        self.commands.run(self._tools().inside(self.root, *words, online=online), self.hear)

    def _script(self, text: str, *, online: bool = True) -> None:
        self._inside("sh", "-e", "-c", text, online=online)
