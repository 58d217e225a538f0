from django.apps.registry import Apps as StateApps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def add_binaries(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Until now an entry was for a source with all that was built of it."""
    Binary = apps.get_model("mini_buildd", "Binary")
    SuiteEntry = apps.get_model("mini_buildd", "SuiteEntry")
    Binary.objects.filter(package__endswith="-dbgsym").update(is_debug=True)
    for entry in SuiteEntry.objects.filter(binary=None).iterator():
        SuiteEntry.objects.bulk_create(
            SuiteEntry(
                distribution_id=entry.distribution_id,
                source_id=entry.source_id,
                binary_id=binary,
                added_in=entry.added_in,
                removed_in=entry.removed_in,
            )
            for binary in Binary.objects.filter(source_id=entry.source_id).values_list(
                "pk", flat=True
            )
        )


class Migration(migrations.Migration):
    dependencies = [
        ("mini_buildd", "0003_suite_versions"),
    ]

    operations = [migrations.RunPython(add_binaries, migrations.RunPython.noop)]
