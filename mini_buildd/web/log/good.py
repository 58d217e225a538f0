"""The last good build of the same package whose log is still there."""

from pathlib import Path

from mini_buildd.db.queries.good_builds import GoodBuild, good_builds_before
from mini_buildd.flow.hosted import places
from mini_buildd.tools.log_file import compressed


def log_path(token: str) -> Path:
    """Where the builder wrote the log of the attempt of that token."""
    return places().builds / token / "log"


def last_good(job_id: int, attempt: int) -> GoodBuild | None:
    """What attempt number *attempt* of a job can be compared with."""
    for build in good_builds_before(job_id, attempt):
        log = log_path(build.attempt.token)
        if log.exists() or compressed(log).exists():
            return build
    return None
