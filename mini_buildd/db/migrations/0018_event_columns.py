"""What events are found by gets columns of its own; those of before get them filled."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce


def _of(model: Any, field: str, link: str) -> Subquery:
    """*field* of the row of *model* that an event's *link* names."""
    return Subquery(model.objects.filter(pk=OuterRef(link)).values(field)[:1])


def fill(apps: Any, schema_editor: Any) -> None:
    del schema_editor
    event, job, source, upload, distribution, key, repository = (
        apps.get_model("mini_buildd", name)
        for name in (
            "Event",
            "Job",
            "Source",
            "Upload",
            "Distribution",
            "OpenPGPKey",
            "Repository",
        )
    )
    nothing = Value("")
    # A reference that is missing follows from another, as record() fills them in.
    event.objects.filter(source=None, job__isnull=False).update(source=_of(job, "source", "job"))
    event.objects.filter(upload=None, source__isnull=False).update(
        upload=_of(source, "upload", "source")
    )
    event.objects.filter(distribution=None).exclude(upload=None, source=None).update(
        distribution=Coalesce(
            _of(source, "distribution", "source"), _of(upload, "distribution", "upload")
        )
    )
    event.objects.update(
        repository=_of(distribution, "repository", "distribution"),
        package=Coalesce(
            _of(source, "name", "source"), _of(upload, "source_name", "upload"), nothing
        ),
        person=Coalesce(
            Subquery(
                upload.objects.filter(pk=OuterRef("upload")).exclude(signer="").values("signer")[:1]
            ),
            _of(upload, "signed_by__user__username", "upload"),
            _of(key, "user__username", "key"),
            nothing,
        ),
    )
    # These name the repository in their text only.
    for row in repository.objects.all():
        of_snapshots = Q(kind__startswith="snapshot.", detail__startswith=f"{row.name} ")
        event.objects.filter(of_snapshots).update(repository=row)


class Migration(migrations.Migration):
    dependencies = [
        ("mini_buildd", "0017_what_is_counted"),
    ]

    operations = [
        migrations.AddField(
            model_name="event",
            name="package",
            field=models.CharField(blank=True, help_text="The name of the source.", max_length=130),
        ),
        migrations.AddField(
            model_name="event",
            name="person",
            field=models.CharField(
                blank=True,
                help_text="Whose upload or key: an account, or a user id.",
                max_length=400,
            ),
        ),
        migrations.AddField(
            model_name="event",
            name="repository",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="events",
                to="mini_buildd.repository",
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["package", "id"], name="event_package"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["person", "id"], name="event_person"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["at"], name="event_at"),
        ),
    ]
