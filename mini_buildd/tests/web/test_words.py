"""Languages: every text can be translated, every translation is there, and readers get theirs."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.test import Client

from mini_buildd.tests.web.builder import Builder
from mini_buildd.tests.words import LANGUAGES, LOCALE, catalogue, compile_catalogue, entries, gather

TEMPLATES = Path(LOCALE).parent / "templates"
# Names, units and signs: the same in every language.
_SAME = {"mini-buildd", "CPU", "MB", "API", "URL", "OpenPGP", "SSH", "SHA", "JSON", "Atom", "UTC"}
# What is shown as it is typed.
_CODE = ("-----BEGIN", "https://", "ssh-")
# Attributes that people are shown or told.
_SPOKEN = {"title", "alt", "aria-label", "placeholder", "aria-description", "data-word"}
_BLOCK = re.compile(r"{%-?\s*blocktrans(?:late)?\b.*?{%\s*endblocktrans(?:late)?\s*%}", re.DOTALL)
_COMMENT = re.compile(r"{%\s*comment.*?endcomment\s*%}|{#.*?#}", re.DOTALL)
_UNSEEN = re.compile(r"{% block (?:bodyclass|coltype|refresh) %}.*?{% endblock %}", re.DOTALL)
_TAG = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)
_WORD = re.compile(r"[A-Za-z]{2,}(?:-[A-Za-z]+)*")


class _Texts(HTMLParser):
    """Collects what a page says: its texts and its spoken attributes, but for code."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("code", "pre", "script", "style")
        said = [value for name, value in attrs if name in _SPOKEN and value]
        self.found += [value for value in said if not value.startswith(_CODE)]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("code", "pre", "script", "style")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)


def unmarked(template: str) -> list[str]:
    """The texts in *template* that nobody can translate."""
    parser = _Texts()
    parser.feed(
        _TAG.sub(
            "\N{BULLET}", _BLOCK.sub("\N{BULLET}", _UNSEEN.sub("", _COMMENT.sub("", template)))
        )
    )
    parser.close()
    return [text.strip() for text in parser.found if set(_WORD.findall(text)) - _SAME]


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES))
)
def test_every_text_of_a_template_can_be_translated(path: Path) -> None:
    assert unmarked(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<p>{% translate 'Hello' %} <code>ls</code> {{ name }}</p>", []),
        ("<p>Hello</p>", ["Hello"]),
        ('<a title="Hello {{ name }}">{% blocktranslate %}Hi there{% endblocktranslate %}</a>', 1),
        ("{# Hello #}{% comment %}there{% endcomment %}<b>OpenPGP</b>", []),
    ],
)
def test_what_cannot_be_translated_is_found(template: str, found: list[str] | int) -> None:
    texts = unmarked(template)
    assert len(texts) == found if isinstance(found, int) else texts == found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_has_its_translation(language: str, tmp_path: Path) -> None:
    """`python -m mini_buildd.tests.words` gathers new ones, for somebody to translate."""
    today = {entry.text for entry in entries(gather(language, tmp_path))}
    kept = list(entries(catalogue(language)))
    assert today - {entry.text for entry in kept} == set()
    assert {entry.text for entry in kept} - today == set()
    assert [entry.text for entry in kept if not entry.is_done] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_is_written(language: str, tmp_path: Path) -> None:
    compile_catalogue(catalogue(language), tmp_path / "django.mo")
    kept = catalogue(language).with_suffix(".mo").read_bytes()
    assert (tmp_path / "django.mo").read_bytes() == kept


def test_a_browser_gets_the_language_it_asks_for(client: Client, builder: Builder) -> None:
    del builder
    german = client.get("/builds/", headers={"accept-language": "de-AT, en;q=0.5"})
    assert '<html lang="de">' in german.content.decode()
    assert "Zum Inhalt springen" in german.content.decode()
    other = client.get("/builds/", headers={"accept-language": "tlh"})
    assert '<html lang="en">' in other.content.decode()


def test_a_reader_chooses_a_language_and_is_back_where_they_were(
    client: Client, builder: Builder
) -> None:
    del builder
    page = client.get("/language/?next=/builds/%3Fstate%3Dfailed").content.decode()
    assert 'value="/builds/?state=failed"' in page
    answer = client.post("/language/", {"language": "de", "next": "/builds/?state=failed"})
    assert answer["Location"] == "/builds/?state=failed"
    assert '<html lang="de">' in client.get("/builds/").content.decode()
    elsewhere = client.get("/language/?next=https://evil.example/").content.decode()
    assert '<input type="hidden" name="next" value="/">' in elsewhere
    answer = client.post("/language/", {"language": "de", "next": "https://evil.example/"})
    assert answer["Location"].startswith("/")
