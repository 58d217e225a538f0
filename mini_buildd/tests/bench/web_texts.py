"""Names, versions and texts of packages as an archive of some size has them, by chance."""

import random
from collections.abc import Iterator, Sequence
from itertools import count

_SYLLABLES_TEXT = """
ac al am an ar at ba be bi bo bra ca ce chro co cu da de di do dra el en er fa fe fi fo ga ge gi
glo go gra ha he hy in io ka ke ki ko la le li lo lu ma me mi mo mu na ne ni no nu o pa pe phi
pi po pra qua ra re ri ro ru sa se si so spe sta su ta te ti to tra tu u va ve vi vo wa we xe xi
ya yo za zen
"""
_SYLLABLES = _SYLLABLES_TEXT.split()
_SHAPES = (
    ("{}", 34),
    ("lib{}", 16),
    ("python-{}", 11),
    ("golang-github-{}", 8),
    ("rust-{}", 9),
    ("node-{}", 6),
    ("r-cran-{}", 3),
    ("ruby-{}", 3),
    ("haskell-{}", 2),
    ("fonts-{}", 1),
    ("gnome-shell-extension-{}-with-quite-a-long-name", 1),
)
_WORDS_TEXT = """
library tool for reading writing and checking structured data over networks with small memory
use common files development headers graphical front end to the classic command line program
fast simple portable implementation of the protocol used by many modules plugin support
"""
_WORDS = _WORDS_TEXT.split()
_SECTIONS = ("libs", "libdevel", "utils", "python", "net", "admin", "devel", "web", "science")
PEOPLE_WORDS = ("ada", "grace", "alan", "edsger", "barbara", "donald", "frances", "john", "mary")


class Texts:
    """Texts out of one source of chance, so that two runs make the same."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def names(self, wanted: int) -> list[str]:
        """So many different names of source packages."""
        found: dict[str, None] = {"hello": None, "zlib": None, "bash": None, "linux": None}
        shapes, weights = [each[0] for each in _SHAPES], [each[1] for each in _SHAPES]
        while len(found) < wanted:
            syllables = self._chance.choices(_SYLLABLES, k=self._chance.choice((2, 3, 3, 4)))
            shape = self._chance.choices(shapes, weights)[0]
            found["".join((*shape.partition("{}")[:1], "".join(syllables), *_ending(shape)))] = None
        return list(found)[:wanted]

    def words(self, number: int) -> str:
        """A piece of a sentence."""
        return " ".join(self._chance.choices(_WORDS, k=number))

    def person(self, number: int) -> tuple[str, str]:
        """An account's name, and the user id of its key."""
        first = self._chance.choice(PEOPLE_WORDS)
        last = "".join(self._chance.choices(_SYLLABLES, k=3))
        name = f"{first}-{last}-{number}"
        return name, f"{first.capitalize()} {last.capitalize()} <{name}@example.org>"

    def source(self, name: str, version: str, binaries: Sequence[str], maintainer: str) -> str:
        """A paragraph of Sources."""
        return (
            f"Package: {name}\nFormat: 3.0 (quilt)\nBinary: {', '.join(binaries)}\n"
            f"Architecture: any all\nVersion: {version}\nMaintainer: {maintainer}\n"
            f"Homepage: https://{name}.example.org/\nStandards-Version: 4.7.2\n"
            f"Vcs-Browser: https://git.example.org/{name}\n"
            f"Build-Depends: debhelper-compat (= 13), {self._relations(4)}\n"
            f"Directory: pool/main/{name[0]}/{name}\nPriority: optional\n"
            f"Section: {self._chance.choice(_SECTIONS)}\n"
        )

    def binary(self, package: str, source: str, version: str, architecture: str) -> str:
        """A paragraph of Packages."""
        return (
            f"Package: {package}\nSource: {source}\nVersion: {version}\n"
            f"Architecture: {architecture}\nMaintainer: {source} team <{source}@example.org>\n"
            f"Installed-Size: {self._chance.randrange(20, 90_000)}\n"
            f"Depends: libc6 (>= 2.41), {self._relations(2)}\n"
            f"Section: {self._chance.choice(_SECTIONS)}\nPriority: optional\n"
            f"Homepage: https://{source}.example.org/\n"
            f"Filename: pool/main/{source[0]}/{source}/{package}_{version}_{architecture}.deb\n"
            f"Description: {self.words(5)}\n {self.words(24)}\n .\n {self.words(16)}\n"
        )

    def _relations(self, number: int) -> str:
        pairs = (self._chance.choices(_SYLLABLES, k=2) for _ in range(number))
        return ", ".join(f"lib{''.join(each)} (>= 1.{len(each)})" for each in pairs)

    def news(self, name: str, version: str, distribution: str) -> str:
        """What a .changes says is new."""
        lines = "".join(f"\n   * {self.words(9).capitalize()}." for _ in range(3))
        closes = self._chance.randrange(700_000, 1_200_000)
        return f"{name} ({version}) {distribution}; urgency=medium\n{lines}\n   * Closes: #{closes}"

    def paths(self, package: str) -> list[bytes]:
        """The files of a binary package."""
        found = [f"usr/share/doc/{package}/{name}" for name in ("copyright", "changelog.Debian.gz")]
        for number in range(self._chance.choice((1, 2, 4, 9, 30))):
            word = self._chance.choice(_WORDS)
            found.append(f"usr/lib/{package}/{word}-{number}.so")
        return [each.encode() for each in found]


def _ending(shape: str) -> tuple[str, ...]:
    return (shape.partition("{}")[2],)


def upstream_versions() -> Iterator[str]:
    """Versions of one package, each later than the one before."""
    return (f"{number // 12 + 1}.{number % 12}.{number % 7}" for number in count())
