"""Control data as strangers send it: .changes, .dsc, paragraphs, relations, upload options."""

import contextlib
from pathlib import Path

from mini_buildd.deb.changelog import entries_since
from mini_buildd.deb.changes import Changes, parse_changes
from mini_buildd.deb.clearsigned import text_of
from mini_buildd.deb.deb822 import MalformedControl, Paragraph, parse_paragraph
from mini_buildd.deb.dm_permissions import parse_permissions
from mini_buildd.deb.dsc import Dsc, parse_dsc, sources_paragraph
from mini_buildd.deb.files import ListedFile
from mini_buildd.deb.names import Architecture, Fingerprint, MalformedName, SourceName
from mini_buildd.deb.relations import build_relations, parse_relations
from mini_buildd.deb.version import Version
from mini_buildd.domain.problem import Problem
from mini_buildd.domain.upload_options import MAX_PRIORITY, read_options
from mini_buildd.kit.hashing import Digests
from mini_buildd.tests.fuzz.target import Take, Target, Wrong, refusals

CHANGES = b"""Format: 1.8
Date: Fri, 20 Nov 2026 10:00:00 +0000
Source: mbd-tiny
Architecture: source
Version: 1.0~test13+1
Distribution: trixie-test-unstable
Urgency: medium
Maintainer: Pat Packager <pat@example.invalid>
Changed-By: Pat Packager <pat@example.invalid>
Description:
 mbd-tiny   - the smallest package that a test can build
Changes:
 mbd-tiny (1.0~test13+1) trixie-test-unstable; urgency=medium
 .
   * Upload.
Checksums-Sha256:
 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 mbd-tiny_1.0~test13+1.dsc
Files:
 d41d8cd98f00b204e9800998ecf8427e 0 misc optional mbd-tiny_1.0~test13+1.dsc
"""
DSC = b"""Format: 3.0 (quilt)
Source: hello
Binary: hello, hello-doc
Architecture: any all
Version: 2.10-3~test13+1
Maintainer: Pat Packager <pat@example.invalid>
Build-Depends: debhelper-compat (= 13), gcc:native [amd64 !i386] <!nocheck> | tcc (>> 1~)
Package-List:
 hello deb devel optional arch=any
Checksums-Sha256:
 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 200 hello_2.10.orig.tar.gz
 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 10 hello_2.10-3.debian.tar.xz
Files:
 d41d8cd98f00b204e9800998ecf8427e 200 hello_2.10.orig.tar.gz
 d41d8cd98f00b204e9800998ecf8427e 10 hello_2.10-3.debian.tar.xz
"""
_SIGNED = (
    b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n%s-----BEGIN PGP SIGNATURE-----\n\nx"
)
_FIELDS = (
    *(line.partition(b":")[0] + b":" for line in (CHANGES + DSC).splitlines() if line[:1] != b" "),
    b"Binary-Only: yes\n",
    b"\n\n",
    b"\n ",
    b"\n .\n",
    b"#",
    b"../",
    b"\r",
    b"\x85",
    b"\xe2\x80\xa8",
)
_CONTROL = (MalformedControl, MalformedName)


def _changes(data: bytes) -> None:
    demand_sound(parse_changes(data))


def demand_sound(changes: Changes) -> None:
    """Whatever a .changes says, its parts are what their types promise."""
    _demand_files(changes.files)
    if Version(changes.version) != changes.version or not changes.distribution.split():
        raise Wrong(f"{changes.version!r} for {changes.distribution!r}")
    if any(mark in changes.distribution for mark in "\n\t "):
        raise Wrong(f"more than one distribution: {changes.distribution!r}")


def _demand_files(files: tuple[ListedFile, ...]) -> None:
    if len({file.name for file in files}) != len(files):
        raise Wrong("a file is listed twice")
    for file in files:
        if "/" in file.name or file.name.startswith(".") or file.size_bytes < 0:
            raise Wrong(f"no plain file: {file}")


def _dsc(data: bytes) -> None:
    """What goes into Sources says of itself what the archive says, and nothing else."""
    dsc = parse_dsc(data)
    _demand_files(dsc.files)
    files = {
        str(file.name): Digests(file.size_bytes, "0" * 32, "0" * 40, "1" * 64) for file in dsc.files
    }
    text = sources_paragraph(
        dsc, files, directory="pool/main/h/hello", section="devel", priority="optional"
    )
    again = parse_paragraph(text.encode())
    wanted = {"package": dsc.source, "directory": "pool/main/h/hello", "section": "devel"}
    if any(again.get(name) != value for name, value in wanted.items()):
        raise Wrong(f"Sources would say something else: {text!r}")
    _relations(dsc)


def _relations(dsc: Dsc) -> None:
    with contextlib.suppress(*_CONTROL):
        build_relations(
            dsc.paragraph.fields,
            architecture=Architecture("amd64"),
            profiles=("nocheck",),
            builds_any=True,
            builds_all=True,
        )


def _paragraph(data: bytes) -> None:
    """Written again, it says the same; so what we write is what we have read."""
    paragraph = parse_paragraph(data)
    again = parse_paragraph("\n".join(map(paragraph.format, paragraph.fields)).encode())
    if _plain(again) != _plain(paragraph):
        raise Wrong("a paragraph says something else when it is written again")
    entries_since("\n".join(paragraph.fields.values()), Version("1.0"))


def _plain(paragraph: Paragraph) -> dict[str, list[str]]:
    """An empty line of a field is written as one with a full stop (deb822(5))."""
    return {
        name: ["" if line.strip() in ("", ".") else line.rstrip() for line in value.split("\n")]
        for name, value in paragraph.fields.items()
    }


def _inside(data: bytes) -> None:
    """Of what nobody verifies, the text; one that is not signed is all of it."""
    parse_paragraph(text_of(data))


def _related(data: bytes) -> None:
    """Written again, relations are the same but for their restrictions."""
    for group in parse_relations(data.decode("utf-8", "replace")):
        text = " | ".join(map(str, group))
        if parse_relations(text) and [str(each) for each in parse_relations(text)[0]] != [
            str(each) for each in group
        ]:
            raise Wrong(f"{text!r} is another relation when it is written again")


def _options(data: bytes) -> None:
    options = read_options(data.decode("utf-8", "replace"), "trixie-test-unstable")
    if abs(options.priority) > MAX_PRIORITY:
        raise Wrong(f"priority {options.priority}")
    words = [*options.profiles, *options.build_options, *options.only_architectures]
    if any(set(word) & set(" \n'\"$`;&|<>\\") for word in words):
        raise Wrong(f"a word that a shell would take apart: {words}")


def _maintainers(data: bytes) -> None:
    """Of a list with a fault nothing counts; of one without, each is a key and names of sources."""
    for key, sources in parse_permissions(data).items():
        if Fingerprint(key) != key or any(SourceName(each) != each for each in sources):
            raise Wrong(f"{key!r} may upload {sources!r}")


def _just(take: Take) -> "PrepareNothing":
    return PrepareNothing(take)


class PrepareNothing:
    """A door that needs nothing to be prepared."""

    def __init__(self, take: Take) -> None:
        self._take = take

    def __call__(self, folder: Path) -> Take:
        """The door (Target.prepare)."""
        del folder
        return self._take


_ENTRY = b"""
 hello (2.10-3~test13+1) trixie-test-unstable; urgency=medium

   * MINI_BUILDD_OPTION: build-profiles=nocheck pkg.hello.gui
   * MINI_BUILDD_OPTION: build-options[trixie-test-unstable]=parallel=4
       noopt
   [ Pat Packager ]
   * MINI_BUILDD_OPTION: priority=-3
   * MINI_BUILDD_OPTION: only-architectures=amd64 all
"""

_MAINTAINERS = b"""Fingerprint: 0123456789ABCDEF0123456789ABCDEF01234567
Uid: Kim Maintainer <kim@example.invalid>
Allow: hello (89ABCDEF0123456789ABCDEF0123456789ABCDEF),
 libhello (89ABCDEF0123456789ABCDEF0123456789ABCDEF)

Fingerprint: 89ABCDEF0123456789ABCDEF0123456789ABCDEF
Uid: Pat Packager <pat@example.invalid>
Allow: hello
"""

CONTROL = (
    Target(
        name="changes",
        prepare=_just(refusals(_changes, *_CONTROL)),
        seeds=(CHANGES, CHANGES.replace(b"Source: mbd-tiny", b"Source: mbd-tiny (1.0)")),
        share=150_000,
        words=_FIELDS,
    ),
    Target(
        name="dsc",
        prepare=_just(refusals(_dsc, *_CONTROL)),
        seeds=(DSC,),
        share=100_000,
        words=_FIELDS,
    ),
    Target(
        name="deb822",
        prepare=_just(refusals(_paragraph, *_CONTROL)),
        seeds=(CHANGES, DSC, b"A: b\n", b"A: b\r\n c\r\n .\r\n d\r\n"),
        share=150_000,
        words=_FIELDS,
    ),
    Target(
        name="inside",
        prepare=_just(refusals(_inside, *_CONTROL)),
        seeds=(_SIGNED % CHANGES, _SIGNED % b"- -----x\nA: b\n"),
        share=40_000,
        words=(b"-----BEGIN PGP SIGNED MESSAGE-----", b"-----BEGIN PGP SIGNATURE-----", b"\n\n"),
    ),
    Target(
        name="maintainers",
        prepare=_just(refusals(_maintainers, MalformedControl)),
        seeds=(_MAINTAINERS,),
        share=30_000,
        words=(b"Fingerprint: ", b"Allow: ", b"\n\n", b",\n ", b"(", b")", b"#"),
    ),
    Target(
        name="relations",
        prepare=_just(refusals(_related, *_CONTROL)),
        seeds=(
            b"debhelper-compat (= 13), gcc:native [amd64 !i386] <!nocheck> | tcc (>> 1~)",
            b"a (<< 1), b <a b> <!c>, c [linux-any]",
        ),
        share=50_000,
        words=(b" | ", b", ", b"(>= ", b"[", b"]", b"<", b">", b":any", b"!"),
    ),
    Target(
        name="upload-options",
        prepare=_just(refusals(_options, Problem)),
        seeds=(_ENTRY,),
        share=50_000,
        words=(b"MINI_BUILDD_OPTION: ", b"   * ", b"[", b"]", b"=", b"priority", b"\n       "),
    ),
)
