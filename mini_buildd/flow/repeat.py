"""Repeat: the lines by which a build is repeated elsewhere, out of what its builder was told."""

from mini_buildd.config.places import Places
from mini_buildd.tools.repeat import repeat_lines
from mini_buildd.wire.task import MalformedMessage, Task, decode


def task_of(places: Places, token: str) -> Task | None:
    """What the builder was told of the attempt of that token; None when that is not kept."""
    try:
        return decode((places.builds / token / "task.json").read_bytes(), Task)
    except (OSError, MalformedMessage):
        return None


def repeat(places: Places, url: str, token: str) -> str:
    """The lines that repeat that attempt, for the instance at *url*; empty when it is not kept."""
    task = task_of(places, token)
    if task is None:
        return ""
    try:
        return repeat_lines(task, places.archive, f"{url}/archive")
    except ValueError:  # its source lies elsewhere, as after the instance has moved
        return ""
