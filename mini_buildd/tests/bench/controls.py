"""Control paragraphs for made packages: this machine's own Packages indexes, or invented ones.

Real fields matter: how long and how alike the paragraphs are decides what an index weighs and how
well it is compressed. The long descriptions, which stand in other files of Debian's archive
(RepositoryFormat, "Translation"), are put together from other packages' short ones.
"""

import random
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_APT_HELPER = "/usr/lib/apt/apt-helper"
# What an index knows of a file, and not the file itself.
_OF_THE_INDEX = {"filename", "size", "md5sum", "sha1", "sha256", "sha512", "description-md5"}
# Policy §5.3, without the description, which is made; and what reprepro refuses to do without.
_MANDATORY = {"Package", "Version", "Architecture", "Maintainer", "Section", "Priority"}
_SECTIONS = ("admin", "devel", "doc", "games", "libs", "net", "python", "science", "utils", "web")
_WORDS = ("data", "fast", "font", "graph", "lib", "mail", "math", "mini", "net", "sound", "text")
_PHRASES = (
    "small tools for large files",
    "library of routines that others call",
    "client and server of an old protocol",
    "common files, without which nothing starts",
    "documentation for those who read it",
    "development headers and static libraries",
)


@dataclass(frozen=True, slots=True)
class Control:
    """The text of a control file, and what of it the file name says."""

    package: str
    version: str
    architecture: str
    text: str

    @property
    def filename(self) -> str:
        """The name as dpkg-name(1) gives it, without the epoch."""
        version = self.version.partition(":")[2] or self.version
        return f"{self.package}_{version}_{self.architecture}.deb"


def parse_control(text: str) -> Control:
    """What *text* says; raises KeyError when it lacks one of the three fields."""
    fields = dict(re.findall(r"^(Package|Version|Architecture): *(\S+)", text, re.MULTILINE))
    return Control(fields["Package"], fields["Version"], fields["Architecture"], text)


def host_index() -> str:
    """All Packages indexes that this machine's apt has; empty when it has none."""
    query = ["apt-get", "indextargets", "--format", "$(FILENAME)", "Created-By: Packages"]
    told = subprocess.run(query, check=False, capture_output=True, text=True)
    read = [
        subprocess.run([_APT_HELPER, "cat-file", path], check=False, capture_output=True).stdout
        for path in told.stdout.splitlines()
    ]
    return "\n".join(text.decode("utf-8", "replace") for text in read)


def choose(index: str, architecture: str, count: int, *, seed: int = 1) -> list[Control]:
    """*count* packages in an order that depends on *seed* and *index* alone, each name once.

    The first ones are those of *index* that are for *architecture* or all; when they run out,
    invented ones follow.
    """
    chance = random.Random(seed)  # noqa: S311  # nothing secret
    real = _Index()
    for paragraph in index.split("\n\n"):
        real.take(paragraph, architecture)
    names = sorted(real.paragraphs)
    chance.shuffle(names)
    phrases = real.phrases or list(_PHRASES)
    bodies = [real.paragraphs[name] for name in names[:count]]
    bodies += [_invent(number, architecture, chance) for number in range(count - len(bodies))]
    return [_describe(*body, phrases, chance) for body in bodies]


@dataclass(slots=True)
class _Index:
    """What is usable of an index: for each name the fields and the short description."""

    paragraphs: dict[str, tuple[str, str]] = field(default_factory=dict)
    phrases: list[str] = field(default_factory=list)

    def take(self, paragraph: str, architecture: str) -> None:
        """Keep *paragraph* when it is a new and whole package for *architecture*."""
        fields = dict(_fields(paragraph))
        name = fields.get("Package", "").strip()
        if name in self.paragraphs or not fields.keys() >= _MANDATORY:
            return
        if fields["Architecture"].strip() not in (architecture, "all"):
            return
        short = fields.pop("Description", "").partition("\n")[0].strip() or name
        if "Section" in fields:  # "contrib/games" would be another component
            fields["Section"] = " " + fields["Section"].rpartition("/")[2].strip()
        self.paragraphs[name] = ("".join(f"{k}:{v}\n" for k, v in fields.items()), short)
        self.phrases.append(short)


def _fields(paragraph: str) -> Iterator[tuple[str, str]]:
    """The fields that belong into a control file, values as they stand."""
    for text in re.split(r"\n(?=\S)", paragraph.strip("\n")):
        name, colon, value = text.partition(":")
        if colon and name.lower() not in _OF_THE_INDEX:
            yield name, value


def _invent(number: int, architecture: str, chance: random.Random) -> tuple[str, str]:
    """Fields and short description of a package that does not exist."""

    def name() -> str:
        return "-".join(chance.sample(_WORDS, 2))

    relations = ", ".join(
        f"{name()}{chance.randrange(40)} (>= {chance.randrange(9)}.{chance.randrange(90)})"
        for _ in range(chance.randrange(1, 9))
    )
    fields = {
        "Package": f"{name()}-x{number}",
        "Version": f"{chance.randrange(9)}.{chance.randrange(90)}-{chance.randrange(1, 9)}",
        "Installed-Size": chance.randrange(9, 90_000),
        "Maintainer": f"Maintainers of {name()} <team@example.invalid>",
        "Architecture": chance.choice((architecture, "all")),
        "Depends": relations,
        "Section": chance.choice(_SECTIONS),
        "Priority": "optional",
        "Homepage": f"https://{name()}.example.invalid/",
    }
    return "".join(f"{key}: {value}\n" for key, value in fields.items()), chance.choice(_PHRASES)


def _describe(fields: str, short: str, phrases: Sequence[str], chance: random.Random) -> Control:
    """The whole control file; its long description is about as long as Debian's are."""
    lines = [f" {phrase}" for phrase in chance.choices(phrases, k=chance.randrange(3, 15))]
    if len(lines) > 6:
        lines.insert(4, " .")
    return parse_control(f"{fields}Description: {short}\n" + "\n".join(lines) + "\n")
