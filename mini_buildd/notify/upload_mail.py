"""The letter that tells how an upload ended: its builds, why one failed, and what to do next."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from mini_buildd.domain.event import EventKind
from mini_buildd.domain.states import JobState
from mini_buildd.notify.mail import COLUMNS

_EXCERPT_LINES = 24
_NEWS_LINES = 30


@dataclass(frozen=True, slots=True)
class BuildLine:
    """A build of it; *excerpt* are the lines of its log that say why it failed."""

    architecture: str
    state: JobState
    is_optional: bool
    seconds: float | None
    builder: str
    reason: str
    url: str
    excerpt: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why it was rejected, in the words of domain.problem."""

    code: str
    title: str
    expected: str
    found: str
    hint: str
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UploadStory:
    """How an upload ended; *because* says why the reader is told of it."""

    outcome: EventKind
    changes_name: str
    package: str
    version: str
    distribution: str
    url: str
    suite_url: str
    builds: tuple[BuildLine, ...] = ()
    refusal: Refusal | None = None
    news: str = ""


def subject_of(story: UploadStory) -> str:
    """What it is about, in a line."""
    what = {"package": story.package, "version": story.version, "suite": story.distribution}
    match story.outcome:
        case EventKind.SUITE_PUBLISHED:
            return _("%(package)s %(version)s is published in %(suite)s") % what
        case EventKind.SOURCE_HELD:
            return _("%(package)s %(version)s is not published in %(suite)s: %(why)s") % {
                **what,
                "why": _failed(story.builds),
            }
        case EventKind.SOURCE_SUPERSEDED:
            return _("%(package)s %(version)s for %(suite)s is superseded") % what
        case _:
            code = story.refusal.code if story.refusal is not None else ""
            return _("rejected: %(name)s (%(code)s)") % {"name": story.changes_name, "code": code}


def _failed(builds: Sequence[BuildLine]) -> str:
    failed = [each.architecture for each in builds if each.state is JobState.FAILED]
    if failed:
        return _("failed on %(architectures)s") % {"architectures": ", ".join(failed)}
    return _("a build was cancelled")


def text_of(story: UploadStory, because: str, unsubscribe: str) -> str:
    """The letter's text, in lines of at most COLUMNS, but for what is one long word."""
    parts = [
        _wrapped(_opening(story)),
        *_refusal(story.refusal),
        _table(story.builds),
        *(_why(each) for each in story.builds if each.excerpt or _is_to_tell(each)),
        _section(_("What to do next"), _wrapped(_next_step(story), "  ")),
        _section(_("What is new"), _news(story.news)),
        _links(story),
        _footer(because, unsubscribe),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _opening(story: UploadStory) -> str:
    if story.refusal is not None:
        return f"{story.refusal.title}."
    text = subject_of(story)
    return f"{text}."


def _refusal(refusal: Refusal | None) -> Iterator[str]:
    if refusal is None:
        return
    pairs = (
        (_("Expected"), refusal.expected),
        (_("Found"), refusal.found),
        (_("Code"), refusal.code),
    )
    width = max(len(word) for word, _text in pairs) + 2
    yield "\n".join(
        textwrap.fill(
            f"{word + ':':{width}} {text}",
            COLUMNS,
            subsequent_indent=" " * (width + 1),
            break_long_words=False,
            break_on_hyphens=False,
        )
        for word, text in pairs
    )
    if refusal.more:
        yield "\n".join([_("Also:"), *(_wrapped(each, "  * ", "    ") for each in refusal.more)])


def _table(builds: Sequence[BuildLine]) -> str:
    if not builds:
        return ""
    head = (_("Architecture"), _("State"), _("Time"), _("Builder"))
    rows = [head, *(_row(each) for each in builds)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    return "\n".join(
        "  "
        + "  ".join(
            f"{cell:>{width}}" if place == 2 else f"{cell:{width}}"  # noqa: PLR2004  # the times
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _row(build: BuildLine) -> tuple[str, str, str, str]:
    word = state_word(build.state)
    if build.is_optional:
        word = _("%(state)s (optional)") % {"state": word}
    return build.architecture, word, _time(build.seconds), build.builder


def state_word(state: JobState) -> str:
    """A job's state, as the letter says it."""
    return {
        JobState.WAITING: _("waiting"),
        JobState.DEP_WAIT: _("dep-wait"),
        JobState.ASSIGNED: _("starting"),
        JobState.RUNNING: _("building"),
        JobState.SUCCEEDED: _("built"),
        JobState.FAILED: _("failed"),
        JobState.LOST: _("lost"),
        JobState.CANCELLED: _("cancelled"),
    }[state]


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _is_to_tell(build: BuildLine) -> bool:
    return bool(build.reason) and build.state in (
        JobState.FAILED,
        JobState.CANCELLED,
        JobState.DEP_WAIT,
    )


def _why(build: BuildLine) -> str:
    reason = f"{build.architecture}: {build.reason or state_word(build.state)}"
    lines = build.excerpt
    if len(lines) > _EXCERPT_LINES:
        half = _EXCERPT_LINES // 2
        lines = (*lines[:half], "[…]", *lines[-half:])
    quoted = [_wrapped(line, "  | ", "  | ", keep=True) for line in lines]
    return "\n".join([_wrapped(reason), *quoted, f"  {build.url}"])


def _next_step(story: UploadStory) -> str:
    match story.outcome:
        case EventKind.SUITE_PUBLISHED:
            return _("Install it: the page of the suite has the lines for apt, to be copied.")
        case EventKind.SOURCE_HELD:
            return _(
                "Correct it, and upload a later version. If it was not the package's fault, try "
                "the builds again on the page of the upload."
            )
        case EventKind.SOURCE_SUPERSEDED:
            return _("Nothing: the suite has a later version already, or will soon.")
        case _:
            return story.refusal.hint if story.refusal is not None else ""


def _news(text: str) -> str:
    lines = [line.rstrip() for line in text.strip("\n").splitlines()]
    cut = lines[:_NEWS_LINES] + ["[…]"] * (len(lines) > _NEWS_LINES)
    return "\n".join(_wrapped(line, "  ", "    ", keep=True) if line else "" for line in cut)


def _links(story: UploadStory) -> str:
    links = ((_("Upload"), story.url), (_("Suite"), story.suite_url))
    shown = [(word, url) for word, url in links if url]
    width = max(len(word) for word, _url in shown)
    return "\n".join(f"{word + ':':{width + 1}} {url}" for word, url in shown)


def _footer(because: str, unsubscribe: str) -> str:
    lines = ["-- ", _wrapped(because)]
    if unsubscribe:
        lines += [_("No more of these:"), unsubscribe]
    return "\n".join(lines)


def _section(title: str, text: str) -> str:
    return f"{title}:\n{text}" if text else ""


def _wrapped(text: str, indent: str = "", hanging: str | None = None, *, keep: bool = False) -> str:
    """*text* in lines that fit; *keep* also its blanks, and what is too long is cut in pieces."""
    return textwrap.fill(
        text.expandtabs(),
        COLUMNS,
        initial_indent=indent,
        subsequent_indent=indent if hanging is None else hanging,
        break_long_words=keep,
        break_on_hyphens=False,
        drop_whitespace=not keep,
    )
