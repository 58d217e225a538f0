"""A part of ``./devel bench web``, as a process of its own that prints JSON.

python -m mini_buildd.tests.bench.web_survey survey HOME   every address and its questions
python -m mini_buildd.tests.bench.web_survey plain HOME    what a ListView takes for the same
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mini_buildd.tests.bench.web_part import django_for

_ROUNDS = 9


def survey(home: Path) -> list[dict[str, Any]]:
    """Every address, what it shows, and how many questions to the database that takes."""
    # Models need a configured Django.
    from django.conf import settings  # noqa: PLC0415
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from mini_buildd.tests.bench.web_fill import plugged_in  # noqa: PLC0415
    from mini_buildd.tests.web.api_calls import addresses  # noqa: PLC0415
    from mini_buildd.tests.web.crawl import Crawl, is_elsewhere  # noqa: PLC0415
    from mini_buildd.tests.web.plans import Costs  # noqa: PLC0415

    settings.ALLOWED_HOSTS.append("testserver")
    client = Client()
    client.force_login(User.objects.get(username="root"))
    costs = Costs(client.get)
    with plugged_in(home):
        pages = [(seen.path, seen.kind) for seen in Crawl(costs, 1, is_elsewhere).pages("/")]
        calls = [(path, described) for described, path in addresses()]
        for path, _ in calls:
            costs(path)
    return [
        {"path": path, "kind": kind, "queries": costs.counted[path]} for path, kind in pages + calls
    ]


def plain(home: Path) -> list[dict[str, Any]]:
    """A ListView's way: all are counted, and what comes before is read and left out."""
    del home  # Django knows it
    from django.core.paginator import Paginator  # noqa: PLC0415

    from mini_buildd.db import models  # noqa: PLC0415

    jobs = models.Job.objects.select_related("source__distribution", "source__upload")
    events = models.Event.objects.select_related("source", "job", "upload")
    of_suite = models.SuiteEntry.objects.select_related("source").filter(
        distribution__name="trixie-debs-unstable", removed_in=None, binary=None
    )
    lists: list[tuple[str, str, Any]] = [
        ("builds", "/builds/", jobs.order_by("-pk")),
        ("builds of hello", "/builds/", jobs.filter(source__name="hello").order_by("-pk")),
        ("events", "/events/", events.order_by("-pk")),
        ("uploads", "/uploads/", models.Upload.objects.order_by("-pk")),
        ("packages of a suite", "/suites/trixie-debs-unstable/", of_suite.order_by("source__name")),
    ]
    found = []
    for what, beside, rows in lists:
        for place, number in (("first page", 1), ("last page", 0)):

            def one(rows: Any = rows, number: int = number) -> None:
                pages = Paginator(rows, 50)
                list(pages.page(number or pages.num_pages))

            row = {"what": f"{what}, {place}", "beside": beside, "cpu": _cpu_ms(one)}
            found.append(row)
    return found


def _cpu_ms(work: Callable[[], None]) -> float:
    taken = []
    for _ in range(_ROUNDS):
        started = time.thread_time()
        work()
        taken.append((time.thread_time() - started) * 1000)
    return statistics.median(taken)


if __name__ == "__main__":
    with django_for(Path(sys.argv[2])):
        print(json.dumps({"survey": survey, "plain": plain}[sys.argv[1]](Path(sys.argv[2]))))
