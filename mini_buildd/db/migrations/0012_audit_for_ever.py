"""The database itself refuses to change or remove an audit entry, whoever asks it."""

from typing import Any

from django.db import migrations

_SQLITE = """
CREATE TRIGGER audit_no_{word} BEFORE {word} ON mini_buildd_auditentry
BEGIN SELECT RAISE(ABORT, 'audit entries are never changed or removed'); END
"""
_POSTGRESQL = """
CREATE FUNCTION mini_buildd_audit_for_ever() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'audit entries are never changed or removed'; END $$;
CREATE TRIGGER audit_for_ever BEFORE UPDATE OR DELETE ON mini_buildd_auditentry
FOR EACH ROW EXECUTE FUNCTION mini_buildd_audit_for_ever();
"""


def add(apps: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    if vendor == "sqlite":
        for word in ("UPDATE", "DELETE"):
            schema_editor.execute(_SQLITE.format(word=word))
    elif vendor == "postgresql":
        schema_editor.execute(_POSTGRESQL)


def drop(apps: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    if vendor == "sqlite":
        for word in ("UPDATE", "DELETE"):
            schema_editor.execute(f"DROP TRIGGER audit_no_{word}")
    elif vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER audit_for_ever ON mini_buildd_auditentry")
        schema_editor.execute("DROP FUNCTION mini_buildd_audit_for_ever()")


class Migration(migrations.Migration):
    dependencies = [("mini_buildd", "0011_signers")]

    operations = [migrations.RunPython(add, drop)]
