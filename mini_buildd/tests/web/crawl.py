"""Goes wherever pages lead: by their links, by what their forms for looking can ask for.

So every page, filter, order and next page is found by itself, and a new one as well. Of addresses
that differ only in which row they show a few are enough.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from django.urls import Resolver404, resolve

Answer = Any  # Django's test client gives more than an HttpResponse, of a type without a name
_MOST_OPTIONS = 20  # of a choice; a longer one is a list of things
_DEEP = 1000  # a number above it is taken for a place in a long list
_WORDS = ("q", "query", "find", "source", "package", "person", "builder")


def is_elsewhere(path: str) -> bool:
    """Whether *path* is a file, or a page for administrators, or the end of a session."""
    return path.startswith(("/static/", "/archive/", "/admin/", "/api/", "/account/logout/"))


@dataclass(frozen=True, slots=True)
class Form:
    """A form that asks for a page: its address, and the values that each of its fields offers."""

    action: str
    fields: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(slots=True)
class _Fields:
    action: str
    is_get: bool
    values: dict[str, list[str]] = field(default_factory=dict)


class PageParser(HTMLParser):
    """What a page links to, and its forms that ask for pages."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._form: _Fields | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A link, or a part of a form."""
        found = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag == "form":
            is_get = found.get("method", "get").lower() == "get"
            self._form = _Fields(found.get("action", ""), is_get)
        elif self._form is not None:
            self._field(self._form, tag, found)

    def _field(self, form: _Fields, tag: str, found: dict[str, str]) -> None:
        name = found.get("name", "")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            form.values.setdefault(self._select, []).append(found.get("value", ""))
        elif tag in ("input", "button") and name:
            form.values.setdefault(name, []).append(found.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        """The end of a form."""
        if tag == "select":
            self._select = ""
        elif tag == "form" and self._form is not None:
            if self._form.is_get:
                fields = tuple((name, tuple(each)) for name, each in self._form.values.items())
                self.forms.append(Form(self._form.action, fields))
            self._form = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A page that was looked at; *kind* is the same for those that differ in a row only."""

    path: str
    kind: str
    answer: Answer


@dataclass
class Crawl:
    """Looks by *get* at all pages that can be reached from those given, at *each* of a kind."""

    get: Callable[[str], Answer]
    each: int = 2
    leaves_out: Callable[[str], bool] = lambda _: False

    def pages(self, *begin: str) -> Iterator[Seen]:
        """Every page, in the order in which it was found."""
        waiting, known = deque(begin), set(begin)
        taken: Counter[str] = Counter()
        choices: dict[str, set[str]] = {}
        while waiting:
            path = waiting.popleft()
            kind = kind_of(path, choices)
            if not kind or taken[kind] >= self.each or self.leaves_out(path):
                continue
            taken[kind] += 1
            answer = self.get(path)
            yield Seen(path, kind, answer)
            for found in _leads_to(path, answer, choices):
                if found not in known:
                    known.add(found)
                    waiting.append(found)
            if answer.streaming:
                for _ in answer.streaming_content:  # at whose end its file is closed
                    pass


def kind_of(path: str, choices: dict[str, set[str]]) -> str:
    """The route of *path* and what is asked of it; empty for what is no page of ours.

    *choices* are the values that forms offer: each of those is a kind of its own.
    """
    parts = urlsplit(path)
    try:
        route = resolve(parts.path).route
    except Resolver404:
        return ""
    asked = sorted(
        f"{name}={value}" if value in choices.get(name, ()) or name == "sort" else name
        for name, value in parse_qsl(parts.query)
    )
    return f"/{route}{'?' * bool(asked)}{'&'.join(asked)}"


def _leads_to(path: str, answer: Answer, choices: dict[str, set[str]]) -> Iterator[str]:
    if answer.status_code in (301, 302):
        yield from _local(urljoin(path, answer["Location"]))
    if not answer.get("Content-Type", "").startswith("text/html"):
        return
    parser = PageParser()
    parser.feed(answer.content.decode())
    for form in parser.forms:
        for name, values in form.fields:
            if 1 < len(values) <= _MOST_OPTIONS:
                choices.setdefault(name, set()).update(values)
        yield from _asked(path, form)
    for link in parser.links:
        for local in _local(urljoin(path, link)):
            yield local
            yield from _deeper(local)


def _local(url: str) -> Iterator[str]:
    parts = urlsplit(url)
    if not parts.netloc and parts.path.startswith("/"):
        yield parts.path + (f"?{parts.query}" if parts.query else "")


def _asked(path: str, form: Form) -> Iterator[str]:
    """What *form* on the page *path* can ask for: each single choice, and a word for each text."""
    action = urljoin(path, form.action) if form.action else urlsplit(path).path
    for name, values in form.fields:
        offered = values if len(values) > 1 else ("hello",) if name in _WORDS else values
        for value in offered[:_MOST_OPTIONS]:
            if value:
                yield f"{action}?{urlencode({name: value})}"


def _deeper(path: str) -> Iterator[str]:
    """The same list much further on."""
    parts = urlsplit(path)
    asked = dict(parse_qsl(parts.query))
    numbers = {name: int(each) for name, each in asked.items() if each.isdecimal()}
    for name, number in numbers.items():
        if number > _DEEP:
            yield f"{parts.path}?{urlencode({**asked, name: number // 2})}"
