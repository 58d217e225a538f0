"""A suite with something of all that a suite can hold, and what a reader must find in it."""

from mini_buildd.archive.plan import DEBUG, Area, BinaryText
from mini_buildd.archive.tree import changelog_path
from mini_buildd.deb.names import Architecture, SourceName
from mini_buildd.tests.archive.reader import Reader
from mini_buildd.tests.archive.repository import MAIN, Repository
from mini_buildd.tests.scenario import host_architecture

FORMS = ("gz", "xz", "zst")
CHANGELOG = "tiny (2.0) unstable; urgency=low\n\n  * Newer.\n"


def fill(repository: Repository, *, others: int) -> None:
    """Two versions of a package and its source, its symbols, an installer package, a changelog.

    *others* more packages stand in the indexes only.
    """
    for version in ("1.0", "2.0"):
        repository.add("tiny", version, is_beside=True)
        repository.add_source("tiny", version)
    repository.add("tiny-dbgsym", "2.0", part=DEBUG)
    repository.add("tiny-udeb", suffix="udeb")
    changelog = repository.tree.root / changelog_path(MAIN, SourceName("tiny"), "2.0")
    changelog.parent.mkdir(parents=True)
    changelog.write_text(CHANGELOG)
    repository.binaries += [_other(number) for number in range(others)]


def _other(number: int) -> BinaryText:
    name, architecture = f"other-{number:05}", ("all", host_architecture(), "hurd-any")[number % 3]
    fields = {
        "Package": name,
        "Version": f"1:{number}.0~rc1+b{number % 7}",
        "Architecture": architecture,
        "Maintainer": "Zoë <zoe@example.invalid>",
        "Depends": f"tiny (>= {number % 3}), other-{number // 2:05}",
        "Filename": f"pool/main/o/other/{name}.deb",
        "Size": str(number),
        "SHA256": f"{number:064x}",
        "Description": f"package {number}\n It is “{number * 7919 % 10007}”.\n .\n * {number}",
    }
    text = "".join(f"{field}: {value}\n" for field, value in fields.items())
    return BinaryText(Area(MAIN), Architecture(architecture), name, fields["Version"], text)


def shape(url: str, forms: tuple[str, ...]) -> dict[str, object]:
    """All that a suite can have, its indexes in these *forms*; *url* is where it is served."""
    return {
        "forms": forms,
        "has_contents": True,
        "has_translations": True,
        "separates_debug": True,
        "snapshots_url": f"{url}/snapshots/@SNAPSHOTID@/",
        "changelogs_url": f"{url}/changelogs/@CHANGEPATH@_changelog",
    }


def check_indexes(reader: Reader, *, others: int) -> None:
    """What *reader* knows after an update is what is there."""
    host = host_architecture()
    policy = reader.run("apt-cache", "policy", "tiny")
    if "Candidate: 2.0" not in policy or " 1.0 100" not in policy:
        raise AssertionError(policy)
    shown = reader.run("apt-cache", "show", "--no-all-versions", "tiny")
    if "Description-en: tiny\n one\n .\n two\n" not in shown:
        raise AssertionError(f"no long description: {shown}")
    names = reader.run("apt-cache", "pkgnames", "other-").split()
    if len(names) < others * 2 // 3:
        raise AssertionError(f"{len(names)} of {others} packages")
    contents = reader.lists(f"main_Contents-{host}")
    if contents != "usr/share/tiny/version  misc/tiny\n":
        raise AssertionError(contents)
    if "Package: tiny-udeb\n" not in reader.lists(f"debian-installer_binary-{host}_Packages"):
        raise AssertionError("no installer package")


def check_packages(reader: Reader) -> None:
    """Packages, their sources and their changelogs are fetched and installed."""
    reader.install("tiny=1.0")
    if reader.installed("tiny") != "1.0":
        raise AssertionError(reader.installed("tiny"))
    reader.install("tiny", "tiny-dbgsym")
    if reader.root.read("/usr/share/tiny/version") != b"2.0\n":
        raise AssertionError("not upgraded")
    if reader.root.read("/usr/share/tiny-dbgsym/version") != b"2.0\n":
        raise AssertionError("no symbols")
    as_root = ("--option", "APT::Sandbox::User=root")
    reader.run("apt-get", "source", "--download-only", *as_root, "tiny")
    if reader.root.run("sh", "-c", "cd / && ls tiny_*").stdout.split() != [
        "tiny_2.0.dsc",
        "tiny_2.0.tar.xz",
    ]:
        raise AssertionError("not the source of what is installed")
    if CHANGELOG not in reader.run("apt-get", "changelog", *as_root, "tiny"):
        raise AssertionError("not its changelog")
    reader.run("apt-get", "purge", "--yes", "tiny", "tiny-dbgsym")
    reader.root.run("sh", "-c", "rm -f /tiny_*")
