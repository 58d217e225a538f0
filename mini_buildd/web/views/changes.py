"""Changing what is published: first what would happen is shown, then it is decided and done.

The second request brings the numbers of the versions that the first has shown. When a suite has
moved on meanwhile, nothing happens, and the page shows anew what would; so two clicks do it once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from mini_buildd.db.models import Distribution
from mini_buildd.domain.permission import Act
from mini_buildd.domain.problem import CheckImpossible, PackageNotThere, Problem, WouldBreak
from mini_buildd.flow.binnmu import Rebuild
from mini_buildd.flow.binnmu import binnmu as build_again
from mini_buildd.flow.change import SuiteChange, find_distribution
from mini_buildd.flow.freeze import freeze as freeze_suite
from mini_buildd.flow.freeze import thaw as thaw_suite
from mini_buildd.flow.hosted import site, wake
from mini_buildd.flow.migrate import Migration
from mini_buildd.flow.migrate import migrate as migrate_packages
from mini_buildd.flow.remove import remove as remove_packages
from mini_buildd.flow.rollback import rollback as roll_back
from mini_buildd.web.administrators import actor_of, for_those_who_may
from mini_buildd.web.views.suites import suite_or_404

_REASON_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody has said; a *is_final* word does it."""

    is_final: bool
    reason: str
    name: str
    force: bool
    expected: Mapping[str, int]


Verb = Callable[[Word], Sequence[SuiteChange]]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done, in words, and the verb that does it.

    A verb that is *planned* tells without a final word what would change; others have
    *consequences* in words. *kept* are the fields that the second request brings again.
    """

    title: str
    button: str
    done: str
    verb: Verb
    back: str
    is_planned: bool = True
    consequences: str = ""
    asks_name: bool = False
    asks_reason: bool = True
    kept: tuple[tuple[str, str], ...] = ()


def at_once(act: Callable[[Word], object]) -> Verb:
    """A verb that is not planned: it is only asked to *act*, and makes no version of a suite."""

    def verb(word: Word) -> Sequence[SuiteChange]:
        act(word)
        return ()

    return verb


def answer(request: HttpRequest, wish: Wish) -> HttpResponse:
    """Show what would happen, or do it and go where it can be seen."""
    word = _word(request)
    problem: Problem | None = None
    if word.is_final:
        try:
            changes = wish.verb(word)
        except Problem as found:
            problem = found
        else:
            wake()
            messages.success(request, wish.done)
            return redirect(_seen_at(changes) or wish.back)
    changes, problem = _planned(wish, word, problem)
    context = {
        "wish": wish,
        "word": word,
        "changes": changes,
        "broken": [each for change in changes for each in change.broken],
        "problem": problem,
        "can_be_forced": isinstance(problem, WouldBreak | CheckImpossible),
        "can_be_done": bool(changes) or not wish.is_planned,
        "expected": _written(changes),
    }
    return render(
        request, "mini_buildd/change.html", context, status=200 if problem is None else 409
    )


def _planned(
    wish: Wish, word: Word, problem: Problem | None
) -> tuple[Sequence[SuiteChange], Problem | None]:
    """What would change; without asking for what would break where that was told already."""
    if not wish.is_planned:
        return (), problem
    force = isinstance(problem, WouldBreak | CheckImpossible)
    try:
        dry = replace(word, is_final=False, force=force, expected={})
        return wish.verb(dry), problem
    except CheckImpossible as found:
        return _planned(wish, word, found)
    except Problem as found:
        return (), problem or found


def _seen_at(changes: Sequence[SuiteChange]) -> str:
    if not changes:
        return ""
    return reverse("suite-version", args=[changes[-1].distribution, changes[-1].number])


def _word(request: HttpRequest) -> Word:
    said = request.POST
    return Word(
        is_final=said.get("step") == "do",
        reason=" ".join(said.get("reason", "").split())[:_REASON_CHARACTERS],
        name=said.get("name", "").strip(),
        force="force" in said,
        expected=dict(_read(said.getlist("expected"))),
    )


def _written(changes: Iterable[SuiteChange]) -> list[str]:
    return [f"{change.distribution}={change.number}" for change in changes]


def _read(texts: Iterable[str]) -> Iterable[tuple[str, int]]:
    for text in texts:
        name, _, number = text.partition("=")
        if number.isascii() and number.isdecimal():
            yield name, int(number[:18])


# --- the verbs on packages --------------------------------------------------------


def _chosen(request: HttpRequest, distribution: str) -> list[str]:
    """The packages as name=version; raises PackageNotThere when none is."""
    chosen = [text for text in request.POST.getlist("package") if text.strip("= ")]
    if not chosen:
        raise PackageNotThere(
            expected=gettext("one or more packages of %(distribution)s")
            % {"distribution": distribution},
            found="none",
            hint=gettext("Go back and tick the packages that you mean."),
        )
    return chosen


def _phrase(chosen: Sequence[str]) -> str:
    if len(chosen) == 1:
        return chosen[0].replace("=", " ")
    return ngettext("%(count)s package", "%(count)s packages", len(chosen)) % {"count": len(chosen)}


def _page_of(distribution: Distribution) -> str:
    return reverse("suite", args=[distribution.name])


@for_those_who_may(Act.MIGRATE)
def migrate(request: HttpRequest, distribution: str) -> HttpResponse:
    """Packages to the next suite, or the whole way."""
    way = suite_or_404(distribution).way
    origin = find_distribution(distribution)
    chosen = _chosen(request, distribution)
    whole_way = "whole_way" in request.POST
    targets = gettext(" and ").join(way if whole_way else way[:1]) or gettext("the next suite")

    def verb(word: Word) -> Sequence[SuiteChange]:
        return migrate_packages(
            site(),
            actor_of(request),
            Migration(origin, chosen, whole_way, word.reason),
            dry_run=not word.is_final,
            force=word.force,
            expected=word.expected,
        )

    kept = [("package", each) for each in chosen] + [("whole_way", "yes")] * whole_way
    wish = Wish(
        title=gettext("Migrate %(chosen)s to %(targets)s")
        % {"chosen": _phrase(chosen), "targets": targets},
        button=gettext("Migrate"),
        done=gettext("%(chosen)s will be in %(targets)s in a moment.")
        % {"chosen": _phrase(chosen), "targets": targets},
        verb=verb,
        back=_page_of(origin),
        kept=tuple(kept),
    )
    return answer(request, wish)


@for_those_who_may(Act.REMOVE)
def remove(request: HttpRequest, distribution: str) -> HttpResponse:
    """Packages from a suite."""
    suite = find_distribution(suite_or_404(distribution).name)
    chosen = _chosen(request, distribution)

    def verb(word: Word) -> Sequence[SuiteChange]:
        return remove_packages(
            site(),
            actor_of(request),
            suite,
            chosen,
            reason=word.reason,
            dry_run=not word.is_final,
            force=word.force,
            expected=word.expected,
        )

    wish = Wish(
        title=gettext("Remove %(chosen)s from %(distribution)s")
        % {"chosen": _phrase(chosen), "distribution": distribution},
        button=gettext("Remove"),
        done=gettext("%(chosen)s will be gone from %(distribution)s in a moment.")
        % {"chosen": _phrase(chosen), "distribution": distribution},
        verb=verb,
        back=_page_of(suite),
        kept=tuple(("package", each) for each in chosen),
    )
    return answer(request, wish)


@for_those_who_may(Act.REBUILD)
def rebuild(request: HttpRequest, distribution: str) -> HttpResponse:
    """Binary packages from the same source once more."""
    suite = find_distribution(suite_or_404(distribution).name)
    chosen = _chosen(request, distribution)

    def act(word: Word) -> None:
        build_again(site(), actor_of(request), Rebuild(suite, chosen, word.reason))

    wish = Wish(
        title=gettext("Build %(chosen)s of %(distribution)s again")
        % {"chosen": _phrase(chosen), "distribution": distribution},
        button=gettext("Build again"),
        done=gettext("%(chosen)s will be built again.") % {"chosen": _phrase(chosen)},
        verb=at_once(act),
        back=_page_of(suite),
        is_planned=False,
        consequences=gettext(
            "The binary packages get versions that end in +b1, +b2 and so on, and take "
            "the place of those that are there. What is for all architectures stays. The reason "
            "goes into the changelog of the packages."
        ),
        kept=tuple(("package", each) for each in chosen),
    )
    return answer(request, wish)


@for_those_who_may(Act.ROLL_BACK)
def rollback(request: HttpRequest, distribution: str, number: int) -> HttpResponse:
    """A suite back to what it was."""
    suite = find_distribution(suite_or_404(distribution).name)

    def verb(word: Word) -> Sequence[SuiteChange]:
        return roll_back(
            site(),
            actor_of(request),
            suite,
            number,
            reason=word.reason,
            dry_run=not word.is_final,
            expected=word.expected,
        )

    wish = Wish(
        title=gettext("Let %(distribution)s be what version %(number)s was")
        % {"distribution": distribution, "number": number},
        button=gettext("Go back to it"),
        done=gettext("%(distribution)s will be what version %(number)s was, in a moment.")
        % {"distribution": distribution, "number": number},
        verb=verb,
        back=reverse("suite-version", args=[distribution, number]),
    )
    return answer(request, wish)


# --- the verbs on suites ----------------------------------------------------------


@for_those_who_may(Act.FREEZE)
def freeze(request: HttpRequest, distribution: str) -> HttpResponse:
    """Let nothing come in or go out."""
    suite = find_distribution(suite_or_404(distribution).name)

    wish = Wish(
        title=gettext("Freeze %(distribution)s") % {"distribution": distribution},
        button=gettext("Freeze"),
        done=gettext("%(distribution)s is frozen.") % {"distribution": distribution},
        verb=at_once(lambda word: freeze_suite(site(), actor_of(request), suite, word.reason)),
        back=_page_of(suite),
        is_planned=False,
        consequences=gettext(
            "Nothing comes in or goes out until somebody thaws it. Uploads for it are "
            "still built, and wait until then."
        ),
    )
    return answer(request, wish)


@for_those_who_may(Act.FREEZE)
def thaw(request: HttpRequest, distribution: str) -> HttpResponse:
    """Let packages come and go again."""
    suite = find_distribution(suite_or_404(distribution).name)

    wish = Wish(
        title=gettext("Thaw %(distribution)s") % {"distribution": distribution},
        button=gettext("Thaw"),
        done=gettext("%(distribution)s is open for changes.") % {"distribution": distribution},
        verb=at_once(lambda _: thaw_suite(site(), actor_of(request), suite)),
        back=_page_of(suite),
        is_planned=False,
        asks_reason=False,
        consequences=gettext("What was built for it meanwhile comes in at once."),
    )
    return answer(request, wish)
