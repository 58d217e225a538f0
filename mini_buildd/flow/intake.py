"""Packages from outside into pool and rows: the part that taking, importing and copying share.

First the files (place), then the rows (save). Both may be done again, and in many parts: what no
suite has entered is seen by nobody, and is found again by whoever goes on. A part must be whole on
the disk before its rows say so.
"""

import os
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from mini_buildd.archive.offer import Offered, OfferedBinary, OfferedFile, OfferedSource
from mini_buildd.archive.pool import PoolConflict
from mini_buildd.db.models import (
    Binary,
    Distribution,
    Listing,
    PoolFile,
    Source,
    SourceFile,
)
from mini_buildd.deb.names import Component, SourceName
from mini_buildd.deb.version import Version
from mini_buildd.domain.problem import PackageRefused
from mini_buildd.domain.states import SourceState
from mini_buildd.flow.keep_changelog import keep_changelog
from mini_buildd.flow.site import Site
from mini_buildd.flow.store import store
from mini_buildd.kit.atomic import sync_filesystem
from mini_buildd.kit.parts import in_parts

# Of fewer files each is made durable by itself: a whole file system may have much else to write.
_FEW = 16
_SHOWN = 5
# So many values a question: databases have limits.

SourceKey = tuple[str, str]
BinaryKey = tuple[str, str, str]


def refuse(reasons: Sequence[str]) -> PackageRefused:
    """The problem with all these, of which a person is shown the first ones."""
    more = len(reasons) - _SHOWN
    return PackageRefused(
        expected="packages that the archive can tell from what it has",
        found="; ".join(reasons[:_SHOWN]) + (f"; and {more} more" if more > 0 else ""),
        hint="Leave these out, or correct them; nothing was changed.",
    )


class Intake:
    """Takes packages into the repository of *distribution*; *origin* says where they are from.

    *sources* and *binaries* are the rows that were saved or found, the latter with their source.
    A new source package belongs to *distribution*, unless *homes* has it.
    """

    def __init__(
        self,
        site: Site,
        distribution: Distribution,
        origin: str,
        homes: Mapping[SourceKey, Distribution] | None = None,
    ) -> None:
        self._site, self.distribution, self._origin = site, distribution, origin[:300]
        self._homes = homes or {}
        self._repository = distribution.repository
        self._tree = site.tree(self._repository.name)
        self._folders: set[str] = set()
        self.sources: dict[SourceKey, int] = {}
        self.binaries: dict[BinaryKey, tuple[int, int]] = {}

    def entered(self) -> Mapping[int, Collection[int]]:
        """All of it, as flow.enter wants it."""
        found: dict[int, list[int]] = {source: [] for source in self.sources.values()}
        for source, binary in self.binaries.values():
            found.setdefault(source, []).append(binary)
        return found

    # --- files -------------------------------------------------------------------

    def place(self, offered: Sequence[Offered]) -> None:
        """Put the files into the pool, durably; raises PackageRefused. Needs the pool's lock."""
        files = [file for each in offered for file in _files(each)]
        known = {row.path: row.sha256 for row in self._pool_rows(file.path for file in files)}
        missing = [file for file in files if known.get(file.path) != file.digests.sha256]
        self._tree.root.mkdir(parents=True, exist_ok=True)
        many = len(missing) > _FEW
        reasons = []
        for file in missing:
            if not (many and self._link(file)):
                try:
                    self._store(file)
                except PoolConflict as conflict:
                    reasons.append(str(conflict))
        if reasons:
            raise refuse(reasons)
        for each in offered:
            if isinstance(each, OfferedBinary) and each.changelog is not None:
                self._keep_changelog(each, zlib.decompress(each.changelog), is_durable=not many)
        if many:
            sync_filesystem(self._tree.root)

    def _link(self, file: OfferedFile) -> bool:
        """The quick way, for what is new and on the same file system; durable only later."""
        folder = file.path.rpartition("/")[0]
        if folder not in self._folders:
            (self._tree.root / folder).mkdir(parents=True, exist_ok=True)
            self._folders.add(folder)
        path = f"{self._tree.root}/{file.path}".encode()  # pathlib takes as long as the link itself
        try:
            os.link(file.file, path)
        except OSError:
            return False
        os.chmod(path, 0o444)  # noqa: PTH101  # the same
        return True

    def _store(self, file: OfferedFile) -> None:
        source = Path(os.fsdecode(file.file))
        store(self._site, self._repository, file.path, source, sha256=file.digests.sha256)

    def _keep_changelog(self, binary: OfferedBinary, text: bytes, *, is_durable: bool) -> None:
        keep_changelog(
            self._tree,
            Component(binary.component),
            SourceName(binary.source),
            Version(binary.source_version),
            text,
            is_durable=is_durable,
        )

    # --- rows --------------------------------------------------------------------

    def save(self, offered: Sequence[Offered]) -> None:
        """Make the rows that are missing; raises PackageRefused. To be called in a transaction."""
        reasons: list[str] = []
        files = self._save_files([file for each in offered for file in _files(each)], reasons)
        sources = self._save_sources(offered, files, reasons)
        self._save_binaries(
            [each for each in offered if isinstance(each, OfferedBinary)], files, sources, reasons
        )
        if reasons:
            raise refuse(reasons)

    def _pool_rows(self, paths: Iterable[str]) -> Iterable[PoolFile]:
        rows = PoolFile.objects.filter(repository=self._repository)
        for part in in_parts(set(paths)):
            yield from rows.filter(path__in=part, removed_at=None)

    def _save_files(
        self, files: Collection[OfferedFile], reasons: list[str]
    ) -> Mapping[str, PoolFile]:
        """The rows of *files* by their paths."""
        wanted = {file.path: file for file in files}
        there = {row.path: row for row in self._pool_rows(wanted)}
        for file in files:
            row = there.get(file.path)
            sha256 = row.sha256 if row is not None else wanted[file.path].digests.sha256
            if sha256 != file.digests.sha256:
                reasons.append(f"{file.path} is there already with SHA-256 {sha256}")
        new = [
            PoolFile(
                repository_id=self._repository.pk,
                path=path,
                name=path.rpartition("/")[2],
                size_bytes=file.digests.size_bytes,
                md5=file.digests.md5,
                sha1=file.digests.sha1,
                sha256=file.digests.sha256,
            )
            for path, file in wanted.items()
            if path not in there
        ]
        made = PoolFile.objects.bulk_create(new)
        rows = {**there, **{row.path: row for row in made}}
        self._bring_back(rows)
        return rows

    def _bring_back(self, rows: Mapping[str, PoolFile]) -> None:
        """Let packages that lost a file, when nothing kept them, have the same one of *rows*."""
        gone = PoolFile.objects.filter(repository=self._repository, removed_at__isnull=False)
        for part in in_parts(rows):
            for lost in gone.filter(path__in=part):
                row = rows[lost.path]
                if lost.sha256 == row.sha256:
                    lost.sources.update(file=row)
                    Binary.objects.filter(file=lost).update(file=row)

    def _save_sources(
        self, offered: Sequence[Offered], files: Mapping[str, PoolFile], reasons: list[str]
    ) -> Mapping[SourceKey, Source]:
        whole = {_source_key(each): each for each in offered if isinstance(each, OfferedSource)}
        components = {_source_key(each): each.component for each in offered} | {
            key: each.component for key, each in whole.items()
        }
        there = self._there(components)
        now = self._site.clock()
        made = Source.objects.bulk_create(
            Source(
                origin=self._origin,
                distribution=self._homes.get((name, version), self.distribution),
                name=name,
                version=version,
                component=component,
                # It waits for no verdict: a sweep is to leave it alone.
                state=SourceState.PUBLISHED,
                accepted_at=now,
            )
            for (name, version), component in components.items()
            if (name, version) not in there
        )
        rows = {**there, **{(row.name, row.version): row for row in made}}
        for key, each in whole.items():
            if not rows[key].paragraph and rows[key].entries.exists():
                reasons.append(f"{rows[key]} is in a suite already, without its source package")
            self._complete(rows[key], each, files)
            self.sources[key] = rows[key].pk
        return rows

    def _there(self, keys: Collection[SourceKey]) -> Mapping[SourceKey, Source]:
        """The rows of source packages that the repository has."""
        rows = Source.objects.filter(distribution__repository=self._repository)
        fields = ("name", "version", "upload", "paragraph", "distribution")
        return {
            (row.name, row.version): row
            for part in in_parts({name for name, _ in keys})
            for row in rows.filter(name__in=part).only(*fields)
        }

    @staticmethod
    def _complete(row: Source, source: OfferedSource, files: Mapping[str, PoolFile]) -> None:
        """Binary packages may have been there before their source."""
        if not row.paragraph:
            row.component, row.architectures = source.component, source.architectures
            row.paragraph = source.paragraph
            row.save(update_fields=["component", "architectures", "paragraph"])
            SourceFile.objects.bulk_create(
                SourceFile(source=row, file=files[file.path]) for file in source.files
            )

    def _save_binaries(
        self,
        binaries: Sequence[OfferedBinary],
        files: Mapping[str, PoolFile],
        sources: Mapping[SourceKey, Source],
        reasons: list[str],
    ) -> None:
        there = self._binaries_there({each.package for each in binaries})
        new: dict[BinaryKey, OfferedBinary] = {}
        for each in binaries:
            key, sha256 = _binary_key(each), each.file.digests.sha256
            source = sources[_source_key(each)]
            if key in there:
                source_id, binary_id, present = there[key]
                self.binaries[key] = source_id, binary_id
            else:
                present = new.setdefault(key, each).file.digests.sha256
                if source.upload_id is not None:
                    reasons.append(f"{each.package}: {source} was built here, without it")
            if present != sha256:
                # apt could not tell them apart.
                reasons.append(f"{' '.join(key)} is there already with SHA-256 {present}")
        if not reasons:
            self._make_binaries(new.values(), files, sources)

    def _binaries_there(
        self, packages: Collection[str]
    ) -> Mapping[BinaryKey, tuple[int, int, str]]:
        """Of the binary packages that the repository has: source, row, SHA-256."""
        rows = Binary.objects.filter(source__distribution__repository=self._repository)
        names = ("package", "version", "architecture", "source_id", "pk", "file__sha256")
        return {
            (package, version, architecture): (source_id, pk, sha256)
            for part in in_parts(packages)
            for package, version, architecture, source_id, pk, sha256 in rows.filter(
                package__in=part
            ).values_list(*names)
        }

    def _make_binaries(
        self,
        binaries: Collection[OfferedBinary],
        files: Mapping[str, PoolFile],
        sources: Mapping[SourceKey, Source],
    ) -> None:
        made = Binary.objects.bulk_create(
            Binary(
                source_id=sources[_source_key(each)].pk,
                file_id=files[each.file.path].pk,
                package=each.package,
                version=each.version,
                architecture=each.architecture,
                component=each.component,
                is_udeb=each.is_udeb,
                is_debug=each.is_debug,
                paragraph=each.paragraph,
            )
            for each in binaries
        )
        Listing.objects.bulk_create(
            Listing(binary_id=row.pk, paths=each.listing)
            for row, each in zip(made, binaries, strict=True)
            if each.listing
        )
        for row, each in zip(made, binaries, strict=True):
            self.binaries[_binary_key(each)] = row.source_id, row.pk


def _files(offered: Offered) -> tuple[OfferedFile, ...]:
    return offered.files if isinstance(offered, OfferedSource) else (offered.file,)


def _source_key(offered: Offered) -> SourceKey:
    if isinstance(offered, OfferedSource):
        return offered.source, offered.version
    return offered.source, offered.source_version


def _binary_key(binary: OfferedBinary) -> BinaryKey:
    return binary.package, binary.version, binary.architecture
