"""What the tests of the pages of packages look at: a busy instance whose packages say something."""

from mini_buildd.archive.contents import pack_listing
from mini_buildd.config.places import Places
from mini_buildd.db import models
from mini_buildd.flow.catalogue import keep_catalogue
from mini_buildd.tests.web.builder import Builder

_DEPENDS = {"hello": "tree (>= 2.0), libc6 (>= 2.36) | libc6.1", "bc": "hello:any, debconf"}
_BUILD = {"tree": "debhelper-compat (= 13), bc [amd64] <!nocheck>", "bc": "debhelper"}
EVIL = "<script>alert(1)</script>"
HOLGER = "Holger Æsir, esq. <holger@example.org>"


def furnish_packages(builder: Builder) -> None:
    """Give all packages there are descriptions, relations and files, and keep the catalogue."""
    for binary in models.Binary.objects.select_related("source", "file"):
        depends = _DEPENDS.get(binary.package, "")
        binary.paragraph = (
            f"Package: {binary.package}\nVersion: {binary.version}\n"
            f"Architecture: {binary.architecture}\nMaintainer: {HOLGER}\n"
            + (f"Depends: {depends}\n" if depends else "")
            + f"Filename: {binary.file.path}\nSize: 1\n"
            f"Description: does what {binary.package} does\n"
            f" It is {EVIL} and more.\n .\n The end.\n"
        )
        binary.is_debug = binary.package.endswith("-dbgsym")
        binary.save()
        paths = [f"usr/bin/{binary.package}".encode(), b"usr/share/doc/x/copyright", b"\xff\xfe"]
        models.Listing.objects.update_or_create(
            binary=binary, defaults={"paths": pack_listing(paths)}
        )
    for source in models.Source.objects.all():
        needs = _BUILD.get(source.name, "")
        source.paragraph = (
            f"Package: {source.name}\nVersion: {source.version}\nMaintainer: {HOLGER}\n"
            "Uploaders: Ada Lovelace <ada@example.org>,\n Holger <h@example.org>\n"
            "Homepage: https://example.org/hello\n" + (f"Build-Depends: {needs}\n" if needs else "")
        )
        source.save()
    keep(builder)


def keep(builder: Builder) -> None:
    """Bring the catalogue up to date."""
    places = Places(builder.home)
    places.make()
    keep_catalogue(places)
