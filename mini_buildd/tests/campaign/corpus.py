"""Real sources from Debian, unchanged but for their version, in one unattended run.

Each is uploaded with dput. What is to be published is built, published, compared with Debian's own
packages of the release (file list and dependencies), and installed by apt in a throw-away root;
what is not must end as its kind says, and name the reason.
"""

import gzip
import html
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from mini_buildd.tests.campaign._corpus_debian import is_just_alike
from mini_buildd.tests.campaign._corpus_sources import (
    CORPUS,
    DEP_WAIT,
    FAILED,
    PUBLISHED,
    REJECTED,
    Kind,
)
from mini_buildd.tests.campaign._corpus_traits import Built, missing_traits
from mini_buildd.tests.figures import table
from mini_buildd.tests.instance import wait_for
from mini_buildd.tests.scenario import Scenario
from mini_buildd.tests.sources import DebianSources
from mini_buildd.tests.throwaway import CommandFailed, ThrowawayRoot

_BUILD_SECONDS = 3600


@dataclass(slots=True)
class Case:
    """One kind, the source that was taken, and what became of it.

    *fault* is empty when all is as it should be; *is_absent* when the mirror had none of its files.
    """

    kind: Kind
    package: str = ""
    dsc: Path = Path()
    tree: Path = Path()
    version: str = ""
    upload_id: int = 0
    outcome: str = ""
    reason: str = ""
    fault: str = ""
    is_absent: bool = False
    build_seconds: float = 0
    debs: list[Path] = field(default_factory=list)
    installed: int = 0
    alike: int = 0
    other_bounds: int = 0
    incomparable: int = 0

    @property
    def is_stand_in(self) -> bool:
        """Whether the mirror lacked the first one of its kind."""
        return self.package != self.kind.sources[0].partition("=")[0]

    @property
    def packages(self) -> list[Path]:
        """What was built, without debug symbols."""
        return [each for each in self.debs if "-dbgsym_" not in each.name]

    @property
    def installable(self) -> list[str]:
        """The names of those that are not for the installer."""
        return [each.name.split("_")[0] for each in self.packages if each.suffix == ".deb"]


def run(arguments: list[str]) -> int:
    """All of CORPUS, or the kinds of the named sources; 1 when one has a fault or is absent."""
    kinds = [_kind_of(name) for name in arguments] or list(CORPUS)
    folder = Path(tempfile.mkdtemp(prefix="mbd-corpus-"))
    scene = Scenario(folder)
    try:
        scene.set_up()
        scene.instance.start()
        started = time.monotonic()
        cases = take_through(scene, kinds)
        minutes = (time.monotonic() - started) / 60
    finally:
        scene.close()
        shutil.rmtree(folder, ignore_errors=True)
    _print(cases, minutes)
    return 1 if any(case.fault for case in cases) else 0


def _kind_of(name: str) -> Kind:
    """The kind that *name* is the first source of, or a stand-in for; with nothing but it."""
    found = [kind for kind in CORPUS if kind.has(name)]
    found.sort(key=lambda kind: not kind.sources[0].startswith(name))
    if not found:
        return Kind("as named", (name,))
    return replace(found[0], sources=tuple(each for each in found[0].sources if _is(each, name)))


def _is(source: str, name: str) -> bool:
    return name in (source, source.partition("=")[0])


def take_through(scene: Scenario, kinds: Iterable[Kind]) -> list[Case]:
    """Upload all, wait for all, look at each."""
    sources = DebianSources(scene.codename, scene.folder / "apt")
    sources.prepare()
    cases = [Case(kind) for kind in kinds]
    taken: set[str] = set()
    for case in cases:
        _guarded(case, _fetch, scene, sources, taken)
        _guarded(case, _upload, scene)
    # What waits is looked at again with each publication, so its end is seen last.
    for case in sorted(cases, key=lambda case: case.kind.outcome == DEP_WAIT):
        _guarded(case, _wait, scene)
        _guarded(case, _judge)
    published = [case for case in cases if case.outcome == PUBLISHED]
    for case in published:
        _guarded(case, _look, scene)
    sources.prepare(with_binaries=True)
    with ThrowawayRoot(scene.chroot, scene.folder / "roots") as root:
        root.write("/etc/apt/sources.list.d/test.sources", scene.apt_sources())
        root.run("apt-get", "update")
        for case in published:
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
        case.fault = str(error).strip().splitlines()[-1][:160] or repr(error)


# --- the way of one -----------------------------------------------------------------------


def _fetch(scene: Scenario, sources: DebianSources, taken: set[str], case: Case) -> None:
    """The first source of its kind that the mirror has whole, and no other kind has taken."""
    answers = []
    for name in case.kind.sources:
        package = name.partition("=")[0]
        if package in taken:
            continue
        try:
            case.dsc = sources.fetch(name, scene.folder / "debian" / package)
        except AssertionError as error:
            answers.append(str(error))
        else:
            case.package = package
            taken.add(package)
            return
    case.is_absent = all("404" in answer for answer in answers)
    raise AssertionError(f"the mirror has none of {', '.join(case.kind.sources)}")


def _upload(scene: Scenario, case: Case) -> None:
    version = re.search(r"^Version: (\S+)$", case.dsc.read_text(encoding="utf-8"), re.MULTILINE)
    if version is None:
        raise AssertionError(f"{case.dsc.name} has no version")
    case.version = scene.version(version[1])
    case.tree = scene.packager.unpack(case.dsc, scene.folder / "work" / case.package)
    if case.kind.rules:
        _change_rules(case.tree / "debian/rules", *case.kind.rules)
    scene.packager.change(
        case.tree, version=case.version, distribution=scene.distribution, text=case.kind.text
    )
    upload = scene.packager.build_source(case.tree)
    scene.packager.dput(scene.instance, upload)
    row = scene.instance.upload_of(upload.name)
    case.upload_id = row["id"]
    if row["state"] != "accepted":
        case.outcome, case.reason = REJECTED, f"{row['problem_code']}: {row['found']}"


def _change_rules(path: Path, pattern: str, replacement: str) -> None:
    """Put *replacement* in the place of what matches *pattern*."""
    changed, count = re.subn(pattern, lambda _: replacement, path.read_text(encoding="utf-8"))
    if not count:
        raise AssertionError(f"debian/rules has no {pattern}")
    path.write_text(changed, encoding="utf-8")


def _wait(scene: Scenario, case: Case) -> None:
    if case.outcome == REJECTED:
        return

    def look() -> str | None:
        source = scene.instance.source_of(case.upload_id)
        job = scene.instance.job_of(case.upload_id)
        if source is None or job is None:
            return None
        waits = job["state"] == "dep_wait"
        is_at_its_end = source["state"] in (PUBLISHED, FAILED, "superseded")
        if not (waits or is_at_its_end):
            return None
        return DEP_WAIT if waits else str(source["state"])

    case.outcome = wait_for(f"{case.package} has its end", look, seconds=_BUILD_SECONDS)
    job = scene.instance.job_of(case.upload_id)
    assert job is not None
    case.reason = "\n".join([job["reason"], *_why(scene, job["id"])])
    sql = "SELECT strftime('%s', finished_at) - strftime('%s', started_at) AS seconds"
    spent = scene.instance.one(f"{sql} FROM mini_buildd_attempt WHERE job_id = ?", job["id"])
    case.build_seconds = (spent["seconds"] or 0) if spent else 0


def _why(scene: Scenario, job_id: int) -> list[str]:
    """What the build's page says on why it failed, line by line."""
    page = scene.instance.get(f"/builds/{job_id}/")[1].decode()
    found = re.search(r'<section class="why".*?</section>', page, re.DOTALL)
    text = html.unescape(re.sub(r"<[^>]*>", "", found[0])) if found else ""
    return [line.strip() for line in text.splitlines() if line.strip()]


def _judge(case: Case) -> None:
    """The outcome is that of its kind, and the reason names it."""
    if case.outcome != case.kind.outcome:
        raise AssertionError(f"{case.outcome}, not {case.kind.outcome}: {_shown(case.reason)}")
    if not re.search(case.kind.reason, case.reason):
        raise AssertionError(f"another reason than {case.kind.reason}: {_shown(case.reason)}")


def _shown(reason: str) -> str:
    """In one line."""
    return " | ".join(reason.strip().splitlines())[:160]


def _named(case: Case) -> str:
    """The part of the reason that names it."""
    found = re.search(case.kind.reason, case.reason)
    lines = (found[0] if found and found[0] else case.reason).strip().splitlines()
    first = case.reason.strip().splitlines()[0]
    return first if first == lines[-1] else f"{first} … {lines[-1]}"


# --- what was built -----------------------------------------------------------------------


def _look(scene: Scenario, case: Case) -> None:
    source = scene.instance.source_of(case.upload_id)
    assert source is not None
    sql = (
        "SELECT f.path, b.is_udeb, b.package FROM mini_buildd_binary b"
        " JOIN mini_buildd_poolfile f ON f.id = b.file_id WHERE b.source_id = ? ORDER BY f.path"
    )
    rows = scene.instance.rows(sql, source["id"])
    case.debs = [scene.instance.home / "archive/test" / row["path"] for row in rows]
    for row in rows:
        if row["is_udeb"]:
            _check_udeb(scene, row["package"])
    built = Built(
        case.dsc.read_text(encoding="utf-8"),
        case.tree,
        tuple(case.packages),
        case.build_seconds,
    )
    missing = missing_traits(case.kind.traits, built)
    if missing:
        raise AssertionError(f"not what its kind says: {', '.join(missing)}")


def _check_udeb(scene: Scenario, udeb: str) -> None:
    path = f"main/debian-installer/binary-{scene.architecture}/Packages.gz"
    data = scene.instance.get(f"/archive/test/dists/{scene.distribution}/{path}")[1]
    text = gzip.decompress(data).decode()
    if f"Package: {udeb}\n" not in text:
        raise AssertionError(f"{udeb} is not in debian-installer's index")


def _compare(scene: Scenario, sources: DebianSources, case: Case) -> None:
    """Debian's own package of the release has the same files and dependencies."""
    for ours in case.packages:
        if ours.suffix != ".deb":
            continue
        try:
            theirs = sources.download(
                ours.name.split("_")[0], scene.architecture, scene.folder / "theirs"
            )
        except AssertionError:  # the mirror lags here too
            case.incomparable += 1
            continue
        if is_just_alike(ours, theirs):
            case.alike += 1
        else:
            case.other_bounds += 1


def _install(root: ThrowawayRoot, scene: Scenario, case: Case) -> None:
    """All binary packages at once, as the repository's page says; "~test" sorts before Debian's."""
    packages = [f"{each}={case.version}" for each in case.installable]
    suite = f"--target-release={scene.distribution}"
    root.run("apt-get", "install", "--yes", "--allow-downgrades", suite, *packages)
    for package in case.installable:
        told = root.run("dpkg-query", "--show", "--showformat=${Version}", package).stdout
        if told != case.version:
            raise AssertionError(f"{package} is installed in version {told}")
        case.installed += 1


def _print(cases: list[Case], minutes: float) -> None:
    head = ("kind", "source", "version", "build s", "debs", "udebs", "as Debian's", "other bounds")
    table(
        f"corpus: {len(cases)} sources in {minutes:.1f} minutes",
        (*head, "not there", "installed", "outcome", "result"),
        [
            (
                case.kind.title,
                f"{case.package or '–'}{' (stand-in)' if case.is_stand_in else ''}",
                case.version or "–",
                f"{case.build_seconds:.0f}",
                len(case.installable),
                len(case.packages) - len(case.installable),
                case.alike,
                case.other_bounds,
                case.incomparable,
                case.installed,
                case.outcome or "–",
                case.fault or "as expected",
            )
            for case in cases
        ],
    )
    for case in cases:
        if case.outcome not in ("", PUBLISHED):
            print(f"  {case.package}: {case.outcome}: {_named(case) if case.reason else '?'}")
    wrong = sum(bool(case.fault) for case in cases)
    print(f"  {len(cases) - wrong} of {len(cases)} as expected")
