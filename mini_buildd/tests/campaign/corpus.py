"""Real sources from Debian, unchanged but for their version, in one unattended run.

Each is uploaded with dput, built, published, compared with Debian's own packages of the release
(file list and dependencies), and installed by apt in a throw-away root.
"""

import gzip
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mini_buildd.tests.figures import table
from mini_buildd.tests.scenario import Scenario
from mini_buildd.tests.sources import DebianSources
from mini_buildd.tests.throwaway import CommandFailed, ThrowawayRoot

PACKAGES = ("hello", "tree", "sl", "ed", "bc", "zlib", "figlet", "cowsay")
_BUILD_SECONDS = 3600
# Only a binNMU has the first; debhelper leaves the second out once its news are old.
_PASSING = re.compile(r"/(?:changelog\.Debian\.[a-z0-9-]+|NEWS\.Debian)\.gz$")


@dataclass(slots=True)
class Case:
    """One source and what became of it; *fault* is empty when all is as it should be."""

    package: str
    version: str = ""
    upload_id: int = 0
    fault: str = ""
    is_absent: bool = False
    build_seconds: float = 0
    binaries: list[str] = field(default_factory=list)
    udebs: list[str] = field(default_factory=list)
    installed: int = 0
    alike: int = 0
    other_bounds: int = 0
    incomparable: int = 0


def run(arguments: list[str]) -> int:
    """All of PACKAGES, or those that are named; the exit status is 1 when one has a fault."""
    folder = Path(tempfile.mkdtemp(prefix="mbd-corpus-"))
    scene = Scenario(folder)
    try:
        scene.set_up()
        scene.instance.start()
        started = time.monotonic()
        cases = take_through(scene, arguments or PACKAGES)
        minutes = (time.monotonic() - started) / 60
    finally:
        scene.close()
        shutil.rmtree(folder, ignore_errors=True)
    _print(cases, minutes)
    return 1 if any(case.fault and not case.is_absent for case in cases) else 0


def take_through(scene: Scenario, packages: Iterable[str]) -> list[Case]:
    """Upload all, wait for all, look at each."""
    sources = DebianSources(scene.codename, scene.folder / "apt")
    sources.prepare()
    cases = [Case(package) for package in packages]
    for case in cases:
        _guarded(case, _upload, scene, sources)
    for case in cases:
        _guarded(case, _wait, scene)
    sources.prepare(with_binaries=True)
    with ThrowawayRoot(scene.chroot, scene.folder / "roots") as root:
        root.write("/etc/apt/sources.list.d/test.sources", scene.apt_sources())
        root.run("apt-get", "update")
        for case in cases:
            _guarded(case, _compare, scene, sources)
            _guarded(case, _install, root, scene)
    return cases


def _guarded(case: Case, act: Callable[..., None], *given: object) -> None:
    """Do the next thing with *case* unless it has a fault; what goes wrong becomes its fault."""
    if case.fault:
        return
    try:
        act(*given, case)
    except (AssertionError, CommandFailed, OSError) as error:
        case.fault = str(error).strip().splitlines()[-1][:100]


def _upload(scene: Scenario, sources: DebianSources, case: Case) -> None:
    try:
        dsc = sources.fetch(case.package, scene.folder / "debian" / case.package)
    except AssertionError as error:
        case.is_absent = "404" in str(error)
        raise AssertionError("the mirror does not have its files") from error
    version = re.search(r"^Version: (\S+)$", dsc.read_text(encoding="utf-8"), re.MULTILINE)
    if version is None:
        raise AssertionError(f"{dsc.name} has no version")
    case.version = scene.version(version[1])
    tree = scene.packager.unpack(dsc, scene.folder / "work" / case.package)
    scene.packager.change(
        tree, version=case.version, distribution=scene.distribution, text="Rebuilt."
    )
    upload = scene.packager.build_source(tree)
    scene.packager.dput(scene.instance, upload)
    row = scene.instance.upload_of(upload.name)
    if row["state"] != "accepted":
        raise AssertionError(f"{row['problem_code']}: {row['found']}")
    case.upload_id = row["id"]


def _wait(scene: Scenario, case: Case) -> None:
    source = scene.instance.wait_for_source(
        case.upload_id, "published", "failed", "superseded", seconds=_BUILD_SECONDS
    )
    job = scene.instance.job_of(case.upload_id)
    if job is None or source["state"] != "published":
        raise AssertionError(f"{source['state']}: {job['reason'] if job else 'no job'}")
    sql = "SELECT strftime('%s', finished_at) - strftime('%s', started_at) AS seconds"
    spent = scene.instance.one(f"{sql} FROM mini_buildd_attempt WHERE job_id = ?", job["id"])
    case.build_seconds = spent["seconds"] if spent else 0
    rows = scene.instance.rows(
        "SELECT package, is_udeb FROM mini_buildd_binary WHERE source_id = ? ORDER BY package",
        source["id"],
    )
    case.binaries = [row["package"] for row in rows if not row["is_udeb"]]
    case.udebs = [row["package"] for row in rows if row["is_udeb"]]
    for udeb in case.udebs:
        _check_udeb(scene, udeb)


def _check_udeb(scene: Scenario, udeb: str) -> None:
    path = f"main/debian-installer/binary-{scene.architecture}/Packages.gz"
    data = scene.instance.get(f"/archive/test/dists/{scene.distribution}/{path}")[1]
    text = gzip.decompress(data).decode()
    if f"Package: {udeb}\n" not in text:
        raise AssertionError(f"{udeb} is not in debian-installer's index")


def _compare(scene: Scenario, sources: DebianSources, case: Case) -> None:
    """Debian's own package of the release has the same files and dependencies."""
    for package in case.binaries:
        if package.endswith("-dbgsym"):
            continue
        try:
            theirs = sources.download(package, scene.architecture, scene.folder / "theirs")
        except AssertionError:  # the mirror lags here too
            case.incomparable += 1
            continue
        pool = scene.instance.home / "archive" / "test" / "pool"
        (ours,) = pool.rglob(f"{package}_{_file_version(case.version)}_*.deb")
        _check_alike(package, "files", _files(ours) ^ _files(theirs))
        one, two = _relations(ours), _relations(theirs)
        if one == two:
            case.alike += 1
        else:
            # Debian built it before a toolchain that asks for later versions of the same packages.
            _check_alike(package, "dependencies", _names(one) ^ _names(two))
            case.other_bounds += 1


def _file_version(version: str) -> str:
    return version.partition(":")[2] if ":" in version else version


def _files(deb: Path) -> set[str]:
    """Mode, owner and path of every member that does not depend on when it was built."""
    listing = [line.split() for line in _output("dpkg-deb", "--contents", str(deb))]
    members = {f"{words[0]} {words[1]} {words[5]}" for words in listing}
    return {each for each in members if not _PASSING.search(each)}


def _check_alike(package: str, what: str, difference: set[str]) -> None:
    if difference:
        raise AssertionError(f"{package}: other {what} than Debian's: {sorted(difference)}")


def _relations(deb: Path) -> set[str]:
    """Each relation with its field; the package's own version is made alike."""
    fields = ("Pre-Depends", "Depends", "Recommends", "Suggests", "Conflicts", "Breaks", "Provides")
    version = _output("dpkg-deb", "--field", str(deb), "Version")[0]
    return {
        f"{field}: {relation.strip().replace(version, 'VERSION')}"
        for field in fields
        for line in _output("dpkg-deb", "--field", str(deb), field)
        for relation in line.split(",")
    }


def _names(relations: set[str]) -> set[str]:
    """The same without the versions asked for."""
    return {re.sub(r" \([^)]*\)", "", relation) for relation in relations}


def _output(*command: str) -> list[str]:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def _install(root: ThrowawayRoot, scene: Scenario, case: Case) -> None:
    """All binary packages at once, as the repository's page says; "~test" sorts before Debian's."""
    wanted = [each for each in case.binaries if not each.endswith("-dbgsym")]
    packages = [f"{each}={case.version}" for each in wanted]
    suite = f"--target-release={scene.distribution}"
    root.run("apt-get", "install", "--yes", "--allow-downgrades", suite, *packages)
    for package in wanted:
        told = root.run("dpkg-query", "--show", "--showformat=${Version}", package).stdout
        if told != case.version:
            raise AssertionError(f"{package} is installed in version {told}")
        case.installed += 1


def _print(cases: list[Case], minutes: float) -> None:
    table(
        f"corpus: {len(cases)} sources in {minutes:.1f} minutes",
        (
            "source",
            "version",
            "build s",
            "debs",
            "udebs",
            "as Debian's",
            "other bounds",
            "installed",
            "result",
        ),
        [
            (
                case.package,
                case.version or "–",
                f"{case.build_seconds:.0f}",
                len(case.binaries),
                len(case.udebs),
                case.alike,
                case.other_bounds,
                case.incomparable,
                case.installed,
                case.fault or "published",
            )
            for case in cases
        ],
    )
