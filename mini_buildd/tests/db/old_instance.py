"""Run as a program: an instance from before accounts had keys, brought up to date; prints it."""

import json
import sys
from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from mini_buildd.db import connect

_BEFORE = ("mini_buildd", "0007_chroots_refresh_asked")


def _fill(apps: Any) -> None:
    """Pat and Gil with a key each, and rights to one and to two repositories."""

    def make(app: str, model: str, **values: Any) -> Any:
        return apps.get_model(app, model).objects.create(**values)

    layout = make("mini_buildd", "Layout", name="default")
    names = ("one", "two")
    repositories = [
        make("mini_buildd", "Repository", name=name, layout_id=layout.pk).pk for name in names
    ]
    for count, name in enumerate(("pat", "gil"), start=1):
        user = make("auth", "User", username=name)
        uploader = make("mini_buildd", "Uploader", user_id=user.pk)
        uploader.repositories.set(repositories[:count])
        make(
            "mini_buildd",
            "OpenPGPKey",
            uploader_id=uploader.pk,
            fingerprint=f"{count:040X}",
            user_id=f"{name} <{name}@example.invalid>",
            armored="a key",
            is_active=count == 1,
        )


def main(database: str) -> None:
    """Make the tables of then in *database*, fill them, and migrate."""
    connect.connect(connect.django_settings(database))
    executor = MigrationExecutor(connection)
    others = [node for node in executor.loader.graph.leaf_nodes() if node[0] != _BEFORE[0]]
    _fill(executor.migrate([*others, _BEFORE]).apps)
    connect.migrate()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT username, uid, k.is_active, approved_at IS NOT NULL"
            " FROM mini_buildd_openpgpkey k JOIN auth_user u ON u.id = k.user_id ORDER BY k.id"
        )
        keys = cursor.fetchall()
        cursor.execute(
            "SELECT username, r.name, role FROM mini_buildd_grant g JOIN auth_user u"
            " ON u.id = g.user_id JOIN mini_buildd_repository r ON r.id = g.repository_id"
            " ORDER BY username, r.name"
        )
        grants = cursor.fetchall()
        cursor.execute("PRAGMA foreign_key_check")
        print(json.dumps([keys, grants, cursor.fetchall()]))  # read by the test


if __name__ == "__main__":
    main(sys.argv[1])
