"""The page of the reference that says who may do what, printed from the rules."""

from collections.abc import Iterator
from pathlib import Path

from mini_buildd.api.application import document
from mini_buildd.api.describe import calls
from mini_buildd.domain.permission import RULES, Act, Role
from mini_buildd.tests.permissions.calls import BY_THE_DOOR, CALLS
from mini_buildd.tests.permissions.cases import CASES

REFERENCE = Path(__file__).parents[3] / "doc" / "reference" / "permissions.md"

_HEAD = """\
# Who may do what

Each thing that can be done is an *act*, and a rule says who may do it. The rules are in
`mini_buildd/domain/permission.py`; this page is printed from them, and from the verbs of
`mini_buildd/flow`, by

    python -m mini_buildd.tests.permissions

The tests call every verb as everybody who could come, and compare.

## Roles

- A **visitor** has not signed in.
- A **reader** may see a repository. Of one that is not private, everybody is a reader; and whoever
  has signed in is a reader of the instance.
- An **uploader** may upload to a repository: all source packages, or those that the right names.
- An **owner** of a repository decides what is in it, and who reads it and uploads to it.
- An **administrator** may do everything. It is who is “staff” and “superuser” in Settings, and
  whoever runs `mini-buildd` on the machine itself.

Each may all that those before may. A role holds in its repository only.

An API token may do what its owner may, but only what it was made for: its scope is the last column.
A dash stands for acts that no token will do for: one has to sign in.

"""
_ROLES = tuple(Role)
_UPLOADS = "whom `http.upload` lets in: everybody, or accounts; what counts is the signature"


def written() -> str:
    """The whole page."""
    return _HEAD + "\n".join([*_acts(), "", *_verbs(), "", *_calls()]) + "\n"


def _acts() -> Iterator[str]:
    yield "## Acts"
    yield ""
    yield _row("to", *(role.word for role in _ROLES), "and also", "token")
    yield _row(*["---"] * (len(_ROLES) + 3))
    for act in Act:
        rule = RULES[act]
        yield _row(
            act.value,
            *("yes" if role >= rule.least else "" for role in _ROLES),
            rule.own,
            rule.scope.value if rule.scope else "–",
        )


def _verbs() -> Iterator[str]:
    yield "## Verbs"
    yield ""
    yield "Pages, API and command line call these; there is no other way to change anything."
    yield ""
    yield _row("verb", "is allowed to who may")
    yield _row("---", "---")
    for name, case in sorted(CASES.items()):
        yield _row(f"`{name}`", case.act.value if case.act else f"everybody. {case.why}")


def _calls() -> Iterator[str]:
    yield "## Calls of the API"
    yield ""
    yield "What is shown is what whoever asks may see: to others, nothing of a private repository."
    yield ""
    yield _row("call", "by", "is allowed to who may")
    yield _row("---", "---", "---")
    for path, method, call in calls(document()):
        name = call["operationId"]
        act = CALLS[name].act if name in CALLS else None
        allowed = _UPLOADS if name in BY_THE_DOOR else "everybody"
        words = act.value if act else allowed
        yield _row(f"`{method.upper()} {path}`", f"`{name}`", words)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
