"""Every page, for realistic data: what it says and what it costs."""

import pytest
from django.test import Client

from mini_buildd.db import models
from mini_buildd.tests.web.builder import Builder

PAGES = ("/", "/uploads/", "/builds/", "/repositories/", "/repositories/test/", "/events/")


def paths() -> list[str]:
    """Every page of the instance that has something to show."""
    uploads = [f"/uploads/{upload.pk}/" for upload in models.Upload.objects.all()]
    return [*PAGES, *uploads, *(f"/builds/{job.pk}/" for job in models.Job.objects.all())]


def test_every_page_answers(client: Client, busy: Builder) -> None:
    del busy
    for path in paths():
        assert client.get(path).status_code == 200, path
