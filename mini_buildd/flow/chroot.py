"""The chroots that builds start from: a generation each (flow/generations.py), and its tarball.

A new generation is made beside the one in use, checked, and only then switched to. Whatever fails
on the way leaves the old one in use, and the reason in the row.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from django.db import transaction

from mini_buildd.config.places import Places
from mini_buildd.db.events import record
from mini_buildd.db.models import Attempt, Chroot
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.problem import ChrootUnfit, ChrootUnknown, Problem
from mini_buildd.flow.bootstrap import Bootstrap, sources_of
from mini_buildd.flow.chroot_log import writing_log
from mini_buildd.flow.generations import Generations, made_at_of
from mini_buildd.kit.atomic import sync_file, sync_folder
from mini_buildd.kit.clock import Clock
from mini_buildd.kit.commands import Commands, Say
from mini_buildd.kit.process import CommandFailed
from mini_buildd.tools.aptlists import valid_until

_REASON_CHARACTERS = 2000
_TRIED = ("asked_at", "problem", "problem_since", "tried_at")


@dataclass(frozen=True, slots=True)
class Workshop:
    """What making a chroot needs; *say* is told of each step, *hear* of each word of the tools."""

    places: Places
    clock: Clock
    say: Say = lambda _: None
    hear: Say = lambda _: None
    commands: Commands = field(default_factory=Commands)


def find_chroot(codename: str, architecture: str) -> Chroot:
    """The configured chroot; raises ChrootUnknown."""
    rows = Chroot.objects.select_related("base")
    chroot = rows.filter(base__codename=codename, architecture=architecture).first()
    if chroot is None:
        raise ChrootUnknown(
            expected="one of: " + (", ".join(str(row) for row in rows) or "none is configured"),
            found=f"{codename} {architecture}",
            hint="Configure it: mini-buildd setup --codename … --architecture …",
        )
    return chroot


def chroot_by_id(number: int) -> Chroot | None:
    """The chroot whose row has that number."""
    return Chroot.objects.select_related("base").filter(pk=number).first()


def tarball_of(places: Places, chroot: Chroot) -> Path:
    """The tarball of *chroot*; also what a schroot is unpacked from."""
    return places.chroots / f"{chroot.base.codename}-{chroot.architecture}.tar.zst"


def generations_of(places: Places, chroot: Chroot) -> Generations:
    """Where the unpacked trees of *chroot* are."""
    return Generations(places.chroots / f"{chroot.base.codename}-{chroot.architecture}")


def generation_of(places: Places, chroot: Chroot) -> Path | None:
    """The folder of the generation that builds start from; None where only a tarball is there."""
    if not chroot.generation:
        return None
    return generations_of(places, chroot).path(chroot.generation)


def missing_chroots(places: Places) -> list[Chroot]:
    """The chroots that are configured and from which nothing can be built yet."""
    rows = Chroot.objects.select_related("base").filter(is_active=True)
    return [row for row in rows if row.made_at is None or wants_generation(places, row)]


def wants_generation(places: Places, chroot: Chroot) -> bool:
    """Whether builds would start from one, and it is not there."""
    here = generations_of(places, chroot).names()
    return chroot.backend == "unshare" and chroot.generation not in here


def provide_chroot(workshop: Workshop, chroot: Chroot) -> None:
    """Let *chroot* be there: by what somebody has put in its place, else by making it.

    Such a generation, or tarball, counts as made when it was. Raises as make_chroot does.
    """
    tarball = tarball_of(workshop.places, chroot)
    if chroot.backend != "unshare" and tarball.exists():
        _switch(workshop, chroot, "", _modified_at(tarball))
        return
    with _alone(workshop, chroot) as generations, _telling(workshop, chroot) as telling:
        names = generations.names()
        if names and chroot.backend == "unshare":
            telling.say(f"taking generation {names[-1]}, which is there")
            _switch(telling, chroot, names[-1], made_at_of(names[-1]))
            return
        if tarball.exists():
            making = generations.begin()
            bootstrap = _bootstrap(telling, chroot, making)
            bootstrap.unpack(tarball)
            bootstrap.check()
            name = generations.finish(making, _modified_at(tarball))
            _switch(telling, chroot, name, _modified_at(tarball))
            return
        _make(telling, chroot, generations)


def _modified_at(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def make_chroot(workshop: Workshop, chroot: Chroot) -> None:
    """Make *chroot* anew and switch to it.

    Raises CommandFailed and CommandsStopped of kit, SubidsMissing, SnippetUnknown, ChrootUnfit,
    ArchitectureNotRunnable. Builds that run keep the generation that they began with; it goes when
    the last of them has ended.
    """
    with _alone(workshop, chroot) as generations, _telling(workshop, chroot) as telling:
        _make(telling, chroot, generations)


def remove_old(workshop: Workshop, chroot: Chroot) -> None:
    """Remove the generations that a build has kept, and keeps no longer, and leftovers."""
    there = generations_of(workshop.places, chroot).folder.glob("*")
    if chroot.generation and any(each.name != chroot.generation for each in there):
        with _alone(workshop, chroot) as generations:
            generations.remove_unused(but=_kept(chroot))


def _kept(chroot: Chroot) -> set[str]:
    """The one in use, and those that builds are about to hold."""
    under_way = Attempt.objects.filter(outcome="").exclude(generation="")
    return {chroot.generation, *under_way.values_list("generation", flat=True)}


@contextmanager
def _alone(workshop: Workshop, chroot: Chroot) -> Iterator[Generations]:
    """The generations, for one at a time; a failure is noted in the row."""
    folder = generations_of(workshop.places, chroot).folder
    generations = Generations(folder, workshop.commands)
    with generations.alone():
        chroot.refresh_from_db(fields=["generation", "made_at", "problem", "problem_since"])
        try:
            yield generations
        except (CommandFailed, OSError, Problem) as error:
            note_problem(workshop, chroot, error)
            raise


@contextmanager
def _telling(workshop: Workshop, chroot: Chroot) -> Iterator[Workshop]:
    """The *workshop*, with all that is said in it kept for who looks on."""
    with writing_log(workshop.places, workshop.clock, chroot, workshop.say) as (say, hear):
        yield replace(workshop, say=say, hear=hear)


def _bootstrap(workshop: Workshop, chroot: Chroot, folder: Path) -> Bootstrap:
    return Bootstrap(chroot, folder / "root", workshop.commands, workshop.say, workshop.hear)


def _make(workshop: Workshop, chroot: Chroot, generations: Generations) -> None:
    making = generations.begin()
    bootstrap = _bootstrap(workshop, chroot, making)
    made_at = workshop.clock()
    bootstrap.make()
    bootstrap.check()
    _pack(workshop, bootstrap)
    if chroot.backend != "unshare":
        generations.remove_leftovers()
        _switch(workshop, chroot, "", made_at)
        return
    name = generations.finish(making, made_at)
    _switch(workshop, chroot, name, made_at)
    generations.remove_unused(but=_kept(chroot))


def _pack(workshop: Workshop, bootstrap: Bootstrap) -> None:
    final = tarball_of(workshop.places, bootstrap.chroot)
    making = final.with_name(f"making-{final.name}")
    making.unlink(missing_ok=True)
    making.touch()  # so it is ours, not the namespace's
    bootstrap.pack(making)
    sync_file(making)
    making.rename(final)
    sync_folder(final.parent)


def _switch(workshop: Workshop, chroot: Chroot, generation: str, made_at: datetime) -> None:
    """The one transaction by which builds begin to use it."""
    chroot.generation, chroot.made_at = generation, made_at
    chroot.problem, chroot.problem_since = "", None
    chroot.asked_at = chroot.tried_at = None
    chroot.valid_until, chroot.checked_at = None, None
    if folder := generation_of(workshop.places, chroot):
        chroot.checked_at = workshop.clock()
        chroot.valid_until = valid_until(folder / "root", sources_of(chroot.base))
    with transaction.atomic():
        chroot.save(update_fields=[*_TRIED, "generation", "made_at", "checked_at", "valid_until"])
        record(EventKind.CHROOT_MADE, workshop.clock(), detail=f"{chroot} {generation}".strip())


def note_problem(workshop: Workshop, chroot: Chroot, error: Exception) -> None:
    """Write down that it could not be made, or does not work; the event is for the first time."""
    reason = _reason(error)
    chroot.problem = reason[:_REASON_CHARACTERS]
    chroot.tried_at = workshop.clock()
    chroot.asked_at = None
    is_new = chroot.problem_since is None
    chroot.problem_since = chroot.problem_since or chroot.tried_at
    with transaction.atomic():
        chroot.save(update_fields=_TRIED)
        if is_new:
            first = reason.partition("\n")[0]
            record(EventKind.CHROOT_FAILED, chroot.tried_at, detail=f"{chroot}: {first}")


def _reason(error: Exception) -> str:
    """Why, in a first line, with the details in further ones."""
    if isinstance(error, Problem):
        return f"{error.title}: {error.found}"
    if isinstance(error, CommandFailed):
        told = [line.strip() for line in error.said.splitlines()]
        errors = [line.removeprefix("E: ") for line in told if line.startswith("E: ")]
        first = errors[0] if errors else f"a command ended with status {error.status}"
        return f"{first}\n{error.said}"
    return str(error)


def check_chroot(workshop: Workshop, chroot: Chroot) -> None:
    """See whether the generation in use works; raises ChrootUnfit, which the row then says too."""
    folder = generation_of(workshop.places, chroot)
    if folder is None or wants_generation(workshop.places, chroot):
        raise ChrootUnknown(
            expected=f"a chroot of {chroot} that was made",
            found="none",
            hint=f"mini-buildd chroot create {chroot.base.codename} {chroot.architecture}",
        )
    try:
        _bootstrap(workshop, chroot, folder).check()
    except ChrootUnfit as error:
        note_problem(workshop, chroot, error)
        raise
    chroot.checked_at = workshop.clock()
    chroot.save(update_fields=["checked_at"])
