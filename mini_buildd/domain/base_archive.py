"""Whether the archive that chroots are made from can be used, by what apt says of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from mini_buildd.domain.diagnosis import Diagnosis, Part, Subject


@dataclass(frozen=True, slots=True)
class _Cause:
    """*signs* are words of apt (apt-pkg and its methods); any of them tells the cause."""

    signs: tuple[str, ...]
    title: str
    mend: str


_SYNCHRONISE = "sudo timedatectl set-ntp true"

_CAUSES = (
    _Cause(
        ("NO_PUBKEY", "is not signed", "signatures couldn't be verified", "no such file", "sqv"),
        "not signed by a key of its keyring",
        "sudo apt update && sudo apt install {keyring}",
    ),
    _Cause(
        ("is not valid yet",),
        "its Release file is from the future, by this machine's clock",
        _SYNCHRONISE,
    ),
    _Cause(
        ("is expired", "is not valid anymore"),
        "its Release file is past its date: the mirror lags behind, or the clock is wrong",
        "date --utc  # is it right? Then name another mirror at /admin/, apt sources",
    ),
    _Cause(
        ("404", "does not have a Release file"),
        "it does not have this suite",
        "mend the apt source at /admin/, or this machine's own",
    ),
    _Cause(
        ("resolve", "resolving"),
        "its name is not known here",
        "getent hosts {host}  # mend the network, or name a proxy in /etc/apt/apt.conf.d",
    ),
    _Cause(
        (),
        "cannot be reached",
        "sudo apt update  # mend the network, or name a proxy in /etc/apt/apt.conf.d",
    ),
)


def judge_source(url: str, suite: str, said: str, keyring: str) -> Diagnosis:
    """*said* is what apt complained of, empty when it has verified the Release file."""
    subject = _subject(f"{url} {suite}")
    if not said:
        return subject.ok("reached and verified")
    cause = next(each for each in _CAUSES if not each.signs or _has(said, each.signs))
    host = url.partition("://")[2].partition("/")[0].partition(":")[0]
    package = keyring if keyring.endswith("-archive-keyring") else "debian-archive-keyring"
    return subject.lacks(f"{cause.title} ({said})", cause.mend.format(keyring=package, host=host))


def _has(said: str, signs: Iterable[str]) -> bool:
    return any(sign in said for sign in signs)


def no_source() -> Diagnosis:
    """There is nothing to make chroots from."""
    return _subject("apt sources").lacks(
        "neither configured here nor in this machine's own apt, for its own release",
        "mini-buildd setup --codename CODENAME --archive-url URL",
    )


def _subject(name: str) -> Subject:
    return Subject(Part.ARCHIVE, name, "apt reaches it and trusts it")


def judge_clock(now: datetime, last_change: datetime) -> Diagnosis:
    """*last_change* is when packages of this machine were changed: that was not in the future."""
    subject = Subject(Part.ARCHIVE, "clock", "right: signatures and Release files have dates")
    if now < last_change:
        return subject.lacks(
            f"{now:%Y-%m-%d %H:%M} UTC, though packages were changed here"
            f" at {last_change:%Y-%m-%d %H:%M}",
            _SYNCHRONISE,
        )
    return subject.ok(f"{now:%Y-%m-%d %H:%M} UTC")


def judge_release_data(*, is_outdated: bool) -> Diagnosis:
    """The table of releases that codenames and versions are taken from."""
    subject = Subject(Part.ARCHIVE, "distro-info data", "knows the releases of today")
    if is_outdated:
        return subject.note(
            "older than the release in development: new codenames are not known",
            "sudo apt update && sudo apt install distro-info-data",
        )
    return subject.ok("up to date")
