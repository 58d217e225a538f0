"""Uploaders become accounts with keys of their own, and with rights to repositories."""

from typing import Any

from django.db import migrations
from django.utils import timezone


def give_rights(apps: Any, schema_editor: Any) -> None:
    uploader = apps.get_model("mini_buildd", "Uploader")
    grant = apps.get_model("mini_buildd", "Grant")
    now = timezone.now()
    for each in uploader.objects.all():
        for repository in each.repositories.all():
            grant.objects.create(
                user_id=each.user_id,
                repository=repository,
                role=2,
                given_at=now,
                given_by="mini-buildd",
            )


def give_keys(apps: Any, schema_editor: Any) -> None:
    key = apps.get_model("mini_buildd", "OpenPGPKey")
    now = timezone.now()
    for each in key.objects.select_related("uploader"):
        each.user_id = each.uploader.user_id
        each.added_at = each.approved_at = now
        each.approved_by = "mini-buildd"
        each.save()


class Migration(migrations.Migration):
    dependencies = [("mini_buildd", "0008_people")]

    operations = [
        migrations.RunPython(give_rights, migrations.RunPython.noop),
        migrations.RunPython(give_keys, migrations.RunPython.noop),
    ]
