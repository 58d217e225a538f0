"""What the audit log keeps, and what it does not."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.contrib.auth.models import Group, User
from django.db import DatabaseError, connection, transaction
from django.utils.timezone import now

from mini_buildd.db import models
from mini_buildd.db.audit import NOT_SHOWN, note, state_of
from mini_buildd.domain.permission import SELF, Actor, Door

ROOT = Actor("root", is_admin=True, door=Door.PAGE)


@pytest.mark.django_db
def test_an_entry_keeps_what_differs() -> None:
    at = now()
    before = {"role": 1, "suite": "unstable", "gone": True}
    note(
        ROOT,
        "changed",
        at=at,
        kind="right",
        name="pat: test",
        before=before,
        after={"role": 2, "suite": "unstable", "until": at + timedelta(days=1), "on": ["a", 1]},
    )
    entry = models.AuditEntry.objects.get()
    assert (entry.who, entry.door, entry.act, entry.kind) == ("root", "page", "changed", "right")
    assert entry.before == {"role": 1, "gone": True}
    tomorrow = (at + timedelta(days=1)).isoformat(timespec="seconds")
    assert entry.after == {"role": 2, "until": tomorrow, "on": ["a", 1]}


@pytest.mark.django_db
def test_secrets_are_left_out_but_not_that_they_changed() -> None:
    user = User.objects.create_user("ada", password="one")
    before = state_of(user)
    user.set_password("two")
    note(ROOT, "changed", at=now(), before=before, after=state_of(user))
    entry = models.AuditEntry.objects.get()
    assert entry.before == entry.after == {"password": NOT_SHOWN}


@pytest.mark.django_db
def test_the_state_of_a_row_has_what_it_refers_to_by_name() -> None:
    user = User.objects.create_user("ada")
    user.groups.add(Group.objects.create(name="packagers"))
    assert state_of(user)["groups"] == ["packagers"]
    assert "last_login" not in state_of(user)


@pytest.mark.django_db
def test_what_the_instance_does_itself_is_not_noted() -> None:
    note(SELF, "froze", at=now())
    assert not models.AuditEntry.objects.exists()


@pytest.mark.django_db
def test_the_database_itself_refuses_to_change_an_entry_or_remove_one() -> None:
    note(ROOT, "froze", at=now())
    rows = models.AuditEntry.objects.all()
    # The tests take this guard away, so that tables can be emptied; it is put back as it was.
    for_ever = import_module("mini_buildd.db.migrations.0012_audit_for_ever")
    with connection.cursor() as cursor:
        cursor.execute(for_ever._SQLITE.format(word="DELETE"))
    for change in (lambda: rows.update(who="eve"), rows.delete):
        with pytest.raises(DatabaseError, match="never changed or removed"), transaction.atomic():
            change()
    assert models.AuditEntry.objects.get().who == "root"
