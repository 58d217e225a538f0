"""The texts that pages and mails are made of, gathered from the code for those who translate them.

`python -m mini_buildd.tests.words` brings the django.po of each language up to date, and compiles
it; what is new or has changed stands there without a translation, and the tests ask for one.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mini_buildd
from mini_buildd.domain.layout import DEFAULT_LAYOUT
from mini_buildd.domain.permission import Role
from mini_buildd.domain.problem import Problem
from mini_buildd.domain.suite_version import Cause, Kind
from mini_buildd.tools.snippets import LIBRARY

_PACKAGE = Path(mini_buildd.__file__).parent
LOCALE = _PACKAGE / "web" / "locale"
LANGUAGES = ("de",)


def catalogue(language: str, locale: Path = LOCALE) -> Path:
    """The texts of *language* with their translations."""
    return locale / language / "LC_MESSAGES" / "django.po"


def gather(language: str, into: Path) -> Path:
    """A new catalogue below the folder *into*: today's texts, with the translations they have."""
    tree = into / "mini_buildd"
    shutil.copytree(_PACKAGE, tree, ignore=shutil.ignore_patterns("tests", "locale", "migrations"))
    (tree / "others.py").write_text(
        "".join(f"gettext_noop({text!r})\n" for text in words_of_others()), encoding="utf-8"
    )
    target = catalogue(language, tree / "locale")
    target.parent.mkdir(parents=True)
    if catalogue(language).exists():
        shutil.copy(catalogue(language), target)
    command = [sys.executable, "-m", "django", "makemessages", f"--locale={language}"]
    options = ("--no-location", "--no-wrap", "--no-obsolete")
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    environment["PYTHONPATH"] = os.pathsep.join(
        [str(_PACKAGE.parent), os.environ.get("PYTHONPATH", "")]
    )
    subprocess.run(
        [*command, *options], cwd=tree, check=True, capture_output=True, text=True, env=environment
    )
    # When it was gathered says nothing, and would make every catalogue new.
    text = target.read_text(encoding="utf-8")
    target.write_text(re.sub(r'^"POT?-[^"]*Date:[^"]*"\n', "", text, flags=re.MULTILINE), "utf-8")
    return target


def words_of_others() -> list[str]:
    """What rooms without a notion of languages say in English, and pages say to everybody.

    The pages translate these where they show them (the filter *spoken*).
    """
    problems = [each for each in _below(Problem) if each.__module__ == Problem.__module__]
    found = [text for each in problems for text in (each.title, each.next_step)]
    found += [role.word for role in Role]
    found += [rules.purpose for rules in DEFAULT_LAYOUT]
    found += [word.value for words in (Kind, Cause) for word in words]
    found += [snippet.purpose for snippet in LIBRARY]
    return sorted({text for text in found if text})


def _below(kind: type[Problem]) -> list[type[Problem]]:
    return [kind, *(each for child in kind.__subclasses__() for each in _below(child))]


def compile_catalogue(source: Path, target: Path) -> None:
    """What the daemon reads, from what people write; raises CalledProcessError for faults."""
    command = ["msgfmt", "--check", "--output-file", str(target), str(source)]
    subprocess.run(command, check=True, capture_output=True, text=True)


@dataclass(frozen=True, slots=True)
class Entry:
    """A text and its translations: one, or one for each of a language's numbers."""

    text: str
    translations: tuple[str, ...]
    is_doubtful: bool

    @property
    def is_done(self) -> bool:
        """Whether all of it is translated, and somebody stands by that."""
        return bool(self.translations) and all(self.translations) and not self.is_doubtful


_LINE = re.compile(r'^(msgctxt|msgid_plural|msgid|msgstr(?:\[\d\])?)? ?"(.*)"$')


def entries(path: Path) -> Iterator[Entry]:
    """Every text of the catalogue at *path*, but for its heading."""
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        parts: dict[str, str] = {}
        key = ""
        for line in block.splitlines():
            if found := _LINE.match(line):
                key = found[1] or key
                parts[key] = parts.get(key, "") + found[2]
        if parts.get("msgid"):
            told = tuple(text for name, text in parts.items() if name.startswith("msgstr"))
            yield Entry(parts["msgid"], told, "#, fuzzy" in block)


def main() -> None:
    """Bring all catalogues up to date, and say what is left to translate."""
    for language in LANGUAGES:
        with tempfile.TemporaryDirectory(prefix="mini-buildd-words-") as scratch:
            gathered = gather(language, Path(scratch))
            catalogue(language).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(gathered, catalogue(language))
        compile_catalogue(catalogue(language), catalogue(language).with_suffix(".mo"))
        found = list(entries(catalogue(language)))
        open_ones = [entry.text for entry in found if not entry.is_done]
        print(f"{language}: {len(found)} texts, {len(open_ones)} without a translation")
        for text in open_ones:
            print(f"  {text}")


if __name__ == "__main__":
    main()
