"""Compress the logs of builds that are over; they are kept, and are read as before.

Not at once: people look at a log most when the build has just ended, and what was left of a build
that was lost may still write its last lines.
"""

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from mini_buildd.db.models import Attempt
from mini_buildd.flow.site import Site
from mini_buildd.kit.lock import is_held
from mini_buildd.kit.parts import in_parts
from mini_buildd.tools.log_file import compress_log

_log = logging.getLogger(__name__)

_QUIET = timedelta(minutes=10)


def compress_logs(site: Site) -> int:
    """Compress what lies plain of attempts that ended a while ago; gives how many."""
    count = 0
    for log in _ended(site):
        try:
            compress_log(log)
        except OSError as error:
            _log.error("%s stays as it is; it is tried again later: %s", log, error)
        else:
            count += 1
    return count


def _ended(site: Site) -> Iterator[Path]:
    plain = {log.parent.name: log for log in site.places.builds.glob("*/log")}
    before = site.clock() - _QUIET
    for part in in_parts(plain):
        ended = Attempt.objects.filter(token__in=part, finished_at__lt=before).exclude(outcome="")
        for token in list(ended.values_list("token", flat=True)):
            # Whoever was thought lost may be at work all the same, and go on writing.
            if not is_held(plain[token].with_name("lock")):
                yield plain[token]
