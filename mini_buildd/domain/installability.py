"""Which packages cannot be installed, and which of them a change of a suite has broken."""

from collections.abc import Iterable
from dataclasses import dataclass

_REASONS_SHOWN = 3


@dataclass(frozen=True, slots=True, order=True)
class Broken:
    """A package that cannot be installed; each of *reasons* goes on from its name."""

    package: str
    version: str
    architecture: str
    reasons: tuple[str, ...]

    @property
    def reason(self) -> str:
        """Why, in one sentence that goes on from the package's name."""
        text = "; ".join(self.reasons[:_REASONS_SHOWN])
        more = len(self.reasons) - _REASONS_SHOWN
        return f"{text}; and for {more} more reasons" if more > 0 else text

    def __str__(self) -> str:
        return f"{self.package} {self.version} ({self.architecture}) {self.reason}"


def newly_broken(
    *, present: Iterable[tuple[str, str]], before: Iterable[Broken], after: Iterable[Broken]
) -> tuple[Broken, ...]:
    """Of what is broken *after* a change that which nobody had to live with before it; sorted.

    *present* are package and version of all that was there before. A package is an old sorrow when
    this very version was broken, or when no version of it could be installed: so an upgrade of
    what was broken is none, and a newcomer that cannot be installed is.

    All of one architecture's view: a package that goes from amd64 to all is still the same.
    """
    broken_before = {(each.package, each.version) for each in before}
    versions = set(present)
    were_present = {package for package, _ in versions}
    were_installable = {package for package, _ in versions - broken_before}
    return tuple(
        sorted(
            each
            for each in after
            if (each.package, each.version) not in broken_before
            and (each.package in were_installable or each.package not in were_present)
        )
    )
