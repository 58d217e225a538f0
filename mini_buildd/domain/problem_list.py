"""All causes for which something is refused, as the page and the reference list them."""

from collections.abc import Iterator
from dataclasses import dataclass

from mini_buildd.domain import problem, transfer

_FILES = (problem.__name__, transfer.__name__)


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One cause; *next_step* is empty where it depends."""

    code: str
    title: str
    meaning: str
    next_step: str
    is_rejection: bool


def problem_kinds() -> tuple[ProblemKind, ...]:
    """Every cause that domain.problem and domain.transfer name, in the order of those files."""
    return tuple(
        ProblemKind(
            kind.code,
            kind.title,
            " ".join((kind.__doc__ or "").split()),
            kind.next_step,
            issubclass(kind, problem.Rejection),
        )
        for kind in _kinds(problem.Problem)
    )


def _kinds(kind: type[problem.Problem]) -> Iterator[type[problem.Problem]]:
    for each in kind.__subclasses__():
        if each.__module__ in _FILES:
            if each not in (problem.Rejection, transfer.TransferRefused):
                yield each
            yield from _kinds(each)


def reference() -> str:
    """The text of doc/reference/problems.md."""
    kinds = problem_kinds()
    rejections = [kind for kind in kinds if kind.is_rejection]
    others = [kind for kind in kinds if not kind.is_rejection]
    return "\n".join(
        [
            *_HEAD,
            *(
                "## Rejected uploads",
                "",
                "| code | cause | usual next step |",
                "| --- | --- | --- |",
            ),
            *(f"| `{kind.code}` | {_cause(kind)} | {kind.next_step} |" for kind in rejections),
            *("", "## All else", "", "| code | cause |", "| --- | --- |"),
            *(f"| `{kind.code}` | {_cause(kind)} |" for kind in others),
            "",
        ]
    )


def _cause(kind: ProblemKind) -> str:
    return f"{kind.title}. {kind.meaning}".replace("|", "\\|")


_HEAD = (
    "# Why something is refused",
    "",
    "Whatever is refused is told with a code that stays the same, what was expected, what was",
    "found and the next step: on pages, in mails, in the answers of the API and on the command",
    "line. The page `/problems/` of an instance has this list, too.",
    "",
)
