"""Reading one package from outside, as it will stand in our pool."""

import os
import secrets
import stat
import zlib
from typing import IO

from mini_buildd.archive.contents import pack_listing
from mini_buildd.archive.offer import (
    Answer,
    Offer,
    OfferedBinary,
    OfferedFile,
    OfferedSource,
    Refused,
)
from mini_buildd.archive.tree import pool_folder, pool_path
from mini_buildd.deb.binary import binary_of, packages_paragraph
from mini_buildd.deb.clearsigned import text_of
from mini_buildd.deb.deb822 import MalformedControl
from mini_buildd.deb.dsc import Dsc, parse_dsc, sources_paragraph
from mini_buildd.deb.names import Component, MalformedName, PlainFilename
from mini_buildd.deb.payload import payload_of
from mini_buildd.kit.hashing import Digests, hash_stream

_BLOCK_BYTES = 1 << 20
_MAX_DSC_BYTES = 4 << 20


def read(offer: Offer) -> Answer:
    """Read what is offered; what is wrong with it is an answer, too.

    What is copied is copied first and read then: nobody can change it in between.
    """
    try:
        if offer.file.endswith(b".dsc"):
            return _read_source(offer)
        return _read_binary(offer)
    except (MalformedControl, MalformedName) as error:
        return Refused(offer.name, str(error))
    except OSError as error:
        return Refused(offer.name, error.strerror or str(error))


def _read_binary(offer: Offer) -> OfferedBinary:
    is_udeb = offer.file.endswith(b".udeb")
    with _open(offer.file, offer.copies) as deb:
        digests = _hash(deb, offer)
        binary = binary_of(deb, is_udeb=is_udeb)
        if offer.expected is not None:
            _demand(offer.expected.package, binary.package, "package name")
            _demand(offer.expected.version, binary.version, "version")
            _demand(offer.expected.architecture, binary.architecture, "architecture")
        payload = payload_of(deb, binary.package)
        file = os.fsencode(deb.name)
    # Its own name counts for nothing: people rename files.
    name = PlainFilename(f"{binary.stem}{'.udeb' if is_udeb else '.deb'}")
    component = Component(offer.component or binary.component)
    path = pool_path(component, binary.source, name)
    return OfferedBinary(
        file=OfferedFile(file, path, digests),
        package=str(binary.package),
        version=str(binary.version),
        architecture=str(binary.architecture),
        source=str(binary.source),
        source_version=str(binary.source_version),
        component=str(component),
        is_udeb=is_udeb,
        is_debug=binary.is_debug,
        paragraph=packages_paragraph(binary, digests, filename=path),
        listing=pack_listing(payload.paths),
        changelog=zlib.compress(payload.changelog, 1) if payload.changelog else None,
    )


def _read_source(offer: Offer) -> OfferedSource:
    with _open(offer.file, offer.copies) as stream:
        digests = _hash(stream, offer)
        dsc = parse_dsc(text_of(stream.read(_MAX_DSC_BYTES + 1)))
        file = os.fsencode(stream.name)
    if offer.expected is not None:
        _demand(offer.expected.package, dsc.source, "source package name")
        _demand(offer.expected.version, dsc.version, "version")
    section, priority = (offer.section, offer.priority) if offer.section else _first_listed(dsc)
    area, slash, _ = section.partition("/")
    component = Component(offer.component or (area if slash else "main"))
    name = PlainFilename(f"{dsc.source}_{dsc.version.without_epoch}.dsc")
    files = {str(name): OfferedFile(file, pool_path(component, dsc.source, name), digests)}
    for listed in dsc.files:
        beside = os.path.join(os.path.dirname(offer.file), os.fsencode(listed.name))  # noqa: PTH118, PTH120  # bytes
        with _open(beside, offer.copies) as stream:
            found = hash_stream(stream)
            _demand(listed.sha256, found.sha256, f"{listed.name} with SHA-256")
            path = pool_path(component, dsc.source, listed.name)
            files[str(listed.name)] = OfferedFile(os.fsencode(stream.name), path, found)
    return OfferedSource(
        files=tuple(files.values()),
        source=str(dsc.source),
        version=str(dsc.version),
        component=str(component),
        architectures=" ".join(dsc.architectures),
        paragraph=sources_paragraph(
            dsc,
            {each: file.digests for each, file in files.items()},
            directory=pool_folder(component, dsc.source),
            section=section,
            priority=priority,
        ),
    )


def _first_listed(dsc: Dsc) -> tuple[str, str]:
    """Section and priority of its first binary package (dsc(5), Package-List)."""
    lines = dsc.paragraph.lines("Package-List")
    words = lines[0].split() if lines else []
    return (words[2], words[3]) if len(words) > 3 else ("misc", "optional")  # noqa: PLR2004  # name type section priority


def _demand(expected: str, found: str, what: str) -> None:
    if expected != found:
        raise MalformedControl(f"its {what} is {found}, where {expected} was expected")


def _hash(stream: IO[bytes], offer: Offer) -> Digests:
    """The digests of what is offered, as it was expected; *stream* stands at its beginning."""
    digests = hash_stream(stream)
    if offer.expected is not None:
        _demand(offer.expected.sha256, digests.sha256, "SHA-256")
    stream.seek(0)
    return digests


def _open(path: bytes, copies: bytes) -> IO[bytes]:
    """Open the plain file *path*, or a copy of it, made now."""
    original = open(path, "rb", opener=_open_at_once)  # noqa: SIM115  # the caller closes it
    if not stat.S_ISREG(os.fstat(original.fileno()).st_mode):
        original.close()
        raise MalformedControl("it is no plain file")
    if not copies:
        return original
    with original:
        copy = open(os.path.join(copies, secrets.token_hex(12).encode()), "x+b")  # noqa: PTH118, PTH123, SIM115  # the same
        try:
            while block := original.read(_BLOCK_BYTES):
                copy.write(block)
            copy.seek(0)
        except BaseException:
            copy.close()
            raise
        return copy


def _open_at_once(path: str, flags: int) -> int:
    """Do not wait for a pipe's other end."""
    return os.open(path, flags | os.O_NONBLOCK)
