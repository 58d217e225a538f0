"""What an upload must be to be accepted; each rule raises the Rejection that explains it.

A rule takes what was found as plain values, so that every door and the dry run can ask the same.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mini_buildd.deb.changes import Changes
from mini_buildd.deb.dsc import Dsc
from mini_buildd.deb.files import ListedFile
from mini_buildd.deb.names import PlainFilename, Sha256
from mini_buildd.deb.version import Version, compare
from mini_buildd.domain import problem
from mini_buildd.domain.layout import VersionRule, fits_rule, version_mark

# ~test13+1, ~test2404+0, ~test~SID+1; but not ~rc1-1.
_ENDING = re.compile(r"~[a-z]+(?:[0-9]+|~[A-Z]+)\+[0-9]+\Z")

# Source packages of which a right tells: their names, or with * and ? for others.
SOURCE_PATTERN = re.compile(r"[a-z0-9*?][a-z0-9+.*?-]{0,127}")

# What dpkg-source makes and takes beside the .dsc, in the formats that we know.
_PART = re.compile(r"\.(?:tar\.(?:gz|bz2|lzma|xz)(?:\.asc)?|diff\.gz|git|gitshallow)\Z")


class SignaturePolicy(StrEnum):
    """Which files of an upload must be signed."""

    CHANGES = "changes"
    BOTH = "both"


def the_dsc(changes: Changes) -> ListedFile:
    """The one .dsc of *changes*."""
    listed = changes.only(".dsc")
    if listed is None:
        raise problem.SourceMissing(
            expected="exactly one .dsc among the files of the .changes",
            found=", ".join(file.name for file in changes.files),
            hint="Build the upload with its source: dpkg-buildpackage -S, then sign and upload.",
        )
    return listed


def check_sent(listed: ListedFile, *, size_bytes: int, sha256: Sha256) -> None:
    """A file has the size and the digest that were signed for it."""
    if (size_bytes, sha256) != (listed.size_bytes, listed.sha256):
        raise problem.FileDiffers(
            expected=f"{listed.name} with {listed.size_bytes} bytes and SHA-256 {listed.sha256}",
            found=f"{size_bytes} bytes and SHA-256 {sha256}",
            hint="The transfer was cut, or the file was changed after signing. "
            "Build, sign and upload again.",
        )


def check_age(signed_at: datetime, now: datetime, *, max_days: int) -> None:
    """The signature is at most *max_days* old; 0: of any age.

    Whoever has once seen an upload that was not accepted can send it again (doc/explanation/
    uploads.md), for as long as its signature counts.
    """
    if max_days and now - signed_at > timedelta(days=max_days):
        raise problem.SignatureOld(
            expected=f"a signature that is at most {max_days} days old",
            found=f"one of {signed_at:%Y-%m-%d}",
            hint=problem.SignatureOld.next_step,
        )


def check_dsc_fits(changes: Changes, dsc: Dsc) -> None:
    """The .dsc is the one that the .changes speaks of, in a format we can build."""
    if (dsc.source, dsc.version) != (changes.source, changes.version):
        raise problem.DscDiffers(
            expected=f"a .dsc of {changes.source} {changes.version}, as the .changes says",
            found=f"{dsc.source} {dsc.version}",
            hint=problem.DscDiffers.next_step,
        )
    if not dsc.is_known_format:
        raise problem.SourceFormatUnknown(
            expected="source format 1.0, 3.0 (quilt), 3.0 (native) or 3.0 (git)",
            found=dsc.format,
            hint="Set one of these in debian/source/format.",
        )


def check_names(dsc: Dsc, name: PlainFilename) -> None:
    """The .dsc is called *name*, and all of it is named as dpkg-source(1) names it.

    The pool is served as it is, and other files have their names there too: a source package must
    not bring a page, a package, or a file of another source package.
    """
    stem = f"{dsc.source}_{dsc.version.without_epoch}.dsc"
    odd = [file.name for file in dsc.files if not _is_part(dsc.source, file.name)]
    if name != stem or odd:
        raise problem.ChangesMalformed(
            expected=f"{stem} and the tarballs, diff and signatures of {dsc.source}",
            found=", ".join(odd) or name,
            hint="Build the source package again and upload what comes out unchanged.",
        )


def _is_part(source: str, name: str) -> bool:
    return name.startswith(f"{source}_") and _PART.search(name) is not None


def check_distribution(name: str, *, exists: bool, is_open: bool, open_ones: Iterable[str]) -> None:
    """The distribution is known here and takes uploads."""
    choice = ", ".join(sorted(open_ones)) or "none yet"
    if not exists:
        raise problem.DistributionUnknown(
            expected=f"one of: {choice}",
            found=name,
            hint="Name one of these in the changelog's top entry, build and upload again.",
        )
    if not is_open:
        raise problem.DistributionClosed(
            expected=f"one that takes uploads: {choice}",
            found=f"{name}, which packages reach by migration only",
            hint="Upload to the suite that migrates there.",
        )


def check_reserved(names: Iterable[str], *, reserved: str, is_archive: bool) -> None:
    """None of the *names* of a source and its binaries is *reserved*, but for the archive itself.

    Its keyring tells clients whom to believe, so nobody else may bring a package of that name.
    The archive's key signs more than uploads, so it is let in for that name only.
    """
    for name in names:
        if is_archive != (name == reserved):
            raise problem.SourceReserved(
                expected=f"{reserved} signed by the archive's own key"
                if is_archive
                else f"another name than {reserved}, which the archive uploads itself",
                found=name,
                hint="Give the package another name, or sign it with your own registered key.",
            )


def check_version(version: Version, *, repository: str, code: str, rule: VersionRule) -> None:
    """The version ends as the suite's rule demands."""
    mark = version_mark(repository, code)
    if not fits_rule(version, mark, rule):
        ending = f"{mark}+N with N ≥ 1" if rule is VersionRule.NUMBERED else f"{mark}+0"
        raise problem.VersionAgainstRule(
            expected=f"a version that ends in {ending}",
            found=version,
            hint=f"Use for example {_base_of(version)}{mark}{rule.example} in the changelog.",
        )


def _base_of(version: Version) -> str:
    """*version* without the ending that a layout of ours, or a backport, has given it."""
    return _ENDING.sub("", version)


def check_not_there(version: Version, *, accepted_before: str | None) -> None:
    """No upload of this very version was accepted; *accepted_before* says where, if one was."""
    if accepted_before is not None:
        raise problem.VersionExists(
            expected="a version that was not uploaded before",
            found=f"{version}, accepted as {accepted_before}",
            hint="Raise the number at the end of the version and upload again.",
        )


def check_not_lower(version: Version, *, newest: Version | None) -> None:
    """*version* is later than the *newest* one of its source in the suite.

    1.0 and 0:1.0, written otherwise, are the same to apt, so neither is later.
    """
    if newest is not None and compare(version, newest) <= 0:
        raise problem.VersionTooLow(
            expected=f"a version later than {newest}",
            found=version,
            hint="apt would never choose it. Raise the version; remove the later one to go back.",
        )


@dataclass(frozen=True, slots=True)
class SourceParts:
    """Where the files that a .dsc names are: *sent* with the upload, or in the *pool*.

    Those in *base* may be in the archive of the base release.
    """

    sent: tuple[ListedFile, ...]
    pool: tuple[ListedFile, ...]
    base: tuple[ListedFile, ...]


def source_parts(
    dsc: Dsc,
    changes: Changes,
    in_pool: Mapping[PlainFilename, Sha256],
    has: Callable[[PlainFilename], bool],
    may_be_in_base: Callable[[ListedFile], bool] = lambda _: False,
) -> SourceParts:
    """Find every file of the .dsc.

    *in_pool* gives the digests of the repository's pool files of those names, *has* tells what has
    come with the upload, *may_be_in_base* for what it is worth looking further. Raises
    SourceIncomplete when one is nowhere, FileConflicts when the pool's is another, FileDiffers
    when .changes and .dsc disagree on one.
    """
    uploaded = {file.name: file for file in changes.files}
    sent: list[ListedFile] = []
    pool: list[ListedFile] = []
    base: list[ListedFile] = []
    for file in dsc.files:
        if file.name in uploaded:
            _check_same(file, uploaded[file.name].sha256, "the .changes of the same upload")
        if file.name in in_pool:
            _check_same(file, in_pool[file.name], "the archive's pool")
        if has(file.name):
            sent.append(file)
        elif file.name in in_pool:
            pool.append(file)
        elif may_be_in_base(file):
            base.append(file)
        else:
            raise problem.SourceIncomplete(
                expected=f"{file.name}, which the .dsc names, in the upload or in the pool",
                found="it in neither",
                hint="Include it: dpkg-buildpackage -S -sa.",
            )
    return SourceParts(tuple(sent), tuple(pool), tuple(base))


def _check_same(file: ListedFile, other: Sha256, where: str) -> None:
    if file.sha256 != other:
        kind = problem.FileConflicts if "pool" in where else problem.FileDiffers
        raise kind(
            expected=f"{file.name} with SHA-256 {file.sha256}, as the .dsc says",
            found=f"SHA-256 {other} in {where}",
            hint="Take the file from there, or give the new content a new upstream version.",
        )
