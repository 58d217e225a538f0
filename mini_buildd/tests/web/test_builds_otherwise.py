"""Builds that are optional, cross-compiled or rebuilds: the pages say so."""

import re
from html import unescape

from django.test import Client

from mini_buildd.db import models
from mini_buildd.domain.states import JobState
from mini_buildd.tests.web.builder import Builder


def text_of(client: Client, path: str) -> str:
    """The text that a page shows, in one line."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def rebuild(builder: Builder, source: models.Source, number: int, state: JobState) -> models.Job:
    """A job that builds *source* again."""
    job = builder.job(source, JobState.WAITING, "amd64")
    job.binnmu, job.binnmu_reason, job.state = number, "against libfoo2", state
    job.save()
    return job


def published(builder: Builder) -> models.Source:
    """A source whose build has succeeded."""
    source = builder.source("dash", "0.5-1~test13+1")
    builder.job(source, JobState.SUCCEEDED, "i386")
    return source


def test_a_build_says_what_is_special_about_it(client: Client, builder: Builder) -> None:
    job = builder.job(published(builder), JobState.RUNNING)
    assert "Cross-compiled" not in text_of(client, f"/builds/{job.pk}/")
    job.is_optional, job.build_architecture = True, "arm64"
    job.profiles, job.options = "nocheck cross", "parallel=2"
    job.save()
    text = text_of(client, f"/builds/{job.pk}/")
    assert "optional its failure holds nothing up" in text
    assert "Cross-compiled on arm64" in text
    assert "Profiles: nocheck cross . Options: parallel=2" in text


def test_a_rebuild_bears_its_version_and_says_why(client: Client, builder: Builder) -> None:
    source = published(builder)
    job = rebuild(builder, source, 2, JobState.RUNNING)
    assert source.upload is not None
    for path in (f"/builds/{job.pk}/", f"/uploads/{source.upload.pk}/", "/builds/"):
        assert "0.5-1~test13+1+b2" in text_of(client, path), path
    assert "Built again: against libfoo2" in text_of(client, f"/builds/{job.pk}/")


def test_a_rebuild_that_failed_needs_somebody_until_the_next_one(
    client: Client, builder: Builder
) -> None:
    source = published(builder)
    rebuild(builder, source, 1, JobState.FAILED)
    needs = "failed dash 0.5-1~test13+1+b1 on amd64"
    assert needs in text_of(client, "/")
    rebuild(builder, source, 2, JobState.SUCCEEDED)
    assert needs not in text_of(client, "/")
