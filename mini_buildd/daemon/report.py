"""Whether the daemon can do its work, and if not, why: for who starts it anew or sends it work."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be so; *text* says what is the matter when it is not."""

    name: str
    ok: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All checks."""

    checks: Sequence[Check]

    @property
    def is_ready(self) -> bool:
        """Whether all is well."""
        return all(check.ok for check in self.checks)

    def lines(self) -> str:
        """For people and simple programs."""
        bad = [f"{each.name}: {each.text}\n" for each in self.checks if not each.ok]
        return "".join(["not ready\n", *bad]) if bad else "ok\n"

    def values(self) -> dict[str, object]:
        """For programs."""
        return {
            "status": "ok" if self.is_ready else "not ready",
            "checks": [asdict(each) for each in self.checks],
        }


def late_report() -> Report:
    """When the checks themselves do not come to an end."""
    return Report([Check("checks", ok=False, text="they have not ended in time")])
