"""Package lists of some apt sources, downloaded and verified by apt itself.

apt works in a folder of our own and as whoever calls it. The machine's configuration holds where it
is about the way (proxy, time-outs); what it says of sources, of other indexes, of hooks and of
unsigned archives does not.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from mini_buildd.deb.names import Architecture
from mini_buildd.tools.mmdebstrap import ChrootSource

_MAX_SECONDS = 900
_TRIAL_SECONDS = 10
_VALID_UNTIL = re.compile(r"^Valid-Until: (\S.*\S)\s*$", re.MULTILINE)
_QUOTED = frozenset('\\|{}[]<>"^~_=!@#$%&*')

# Read after the machine's own files, since it is named on the command line (apt.conf(5)).
# A base is called testing until its release, and stable from then on: its signature is what counts.
_CONFIGURATION = """\
#clear APT::Architectures;
#clear APT::Update;
#clear Acquire::Languages;
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
Acquire::AllowReleaseInfoChange "true";
Acquire::GzipIndexes "false";
Acquire::Languages "none";
"""


def sources_text(sources: Iterable[ChrootSource], targets: str = "Packages") -> str:
    """The content of base.sources, in deb822 style (sources.list(5)): nothing but Packages.

    With *targets* that nobody knows, apt fetches and verifies the Release files alone.
    """
    return "\n".join(_paragraph(source, targets) for source in sources)


def _paragraph(source: ChrootSource, targets: str) -> str:
    return (
        "Types: deb\n"
        f"URIs: {source.url}\n"
        f"Suites: {source.suite}\n"
        f"Components: {source.components}\n"
        f"Targets: {targets}\n"
        f"Signed-By: {source.keyring}\n"
        f"Check-Valid-Until: {'yes' if source.check_valid_until else 'no'}\n"
    )


def prepare(folder: Path, sources: str, architecture: Architecture) -> None:
    """Lay down in *folder* what the commands need; harmless when it is there."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    (folder / "base.sources").write_text(sources, encoding="utf-8")
    configuration = _CONFIGURATION.format(architecture=architecture)
    (folder / "apt.conf").write_text(configuration, encoding="utf-8")


def update_command(folder: Path) -> list[str]:
    """Download what has changed; the status is other than 0 when one list is missing or bad.

    flock waits for an update that outlived the process which had started it.
    """
    lock = ["flock", "--no-fork", str(folder / "apt.lock")]
    return [*lock, "timeout", "--kill-after=9", str(_MAX_SECONDS), *_apt_get(folder), "update"]


def trial_command(folder: Path) -> list[str]:
    """The same once, without patience: whether the sources can be reached and are trusted.

    Dates are looked at even where the machine's own apt is told not to: chroots look at them.
    """
    options = {
        "Acquire::Check-Date": "true",
        "Acquire::Check-Valid-Until": "true",
        "Acquire::Retries": 0,
        "Acquire::http::Timeout": _TRIAL_SECONDS,
        "Acquire::https::Timeout": _TRIAL_SECONDS,
    }
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    return [*_apt_get(folder), *words, "update"]


def read_complaint(lines: Iterable[str]) -> str:
    """What an update failed for, in apt's words and without what it says of every failure."""
    complaints = [line[3:] for line in lines if line[:3] in ("E: ", "W: ")]
    reasons = [each for each in complaints if not each.startswith("Some index files failed")]
    words = (reasons or complaints or ["apt has not said why"])[0]
    return re.sub(r"^Failed to fetch \S+\s+", "", words)


def files_command(folder: Path) -> list[str]:
    """Name the files with the Packages of the sources, one a line."""
    return [*_apt_get(folder), "indextargets", "--format=$(FILENAME)", "Created-By: Packages"]


def read_files(folder: Path, lines: Iterable[str]) -> tuple[Path, ...]:
    """The files in the output of that command which are there."""
    lists = f"{folder}/lists/"
    paths = (Path(line) for line in lines if line.startswith(lists))
    return tuple(path for path in paths if path.is_file())


def valid_until(root: Path, sources: Iterable[ChrootSource]) -> datetime | None:
    """Until when the lists that apt keeps in *root* hold (Valid-Until); None when no one says.

    Sources for which nobody checks it do not count.
    """
    found: list[datetime] = []
    for source in sources:
        url = f"{source.url.rstrip('/')}/dists/{source.suite}/InRelease"
        path = root / "var/lib/apt/lists" / _file_name(url)
        if source.check_valid_until and path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            found += [parsedate_to_datetime(each) for each in _VALID_UNTIL.findall(text)]
    return min(found, default=None)


def _file_name(url: str) -> str:
    """What apt calls the file with what is at *url* (URItoFileName() in apt's strutl.cc)."""
    quoted = "".join(f"%{ord(each):02x}" if each in _QUOTED else each for each in url)
    return quoted.partition("://")[2].replace("/", "_")


def _apt_get(folder: Path) -> list[str]:
    options = {
        "Dir::Etc::SourceList": folder / "base.sources",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State": folder,
        "Dir::State::Lists": folder / "lists",
        "Dir::State::Status": folder / "status",
        "Dir::Cache": folder / "cache",
        "Dir::Cache::pkgcache": "",  # nobody asks apt about these packages afterwards
        "Dir::Cache::srcpkgcache": "",
    }
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    return ["apt-get", "--quiet", "--config-file", str(folder / "apt.conf"), *words]
