"""Print the table into the reference."""

import importlib
import os

import django


def main() -> None:
    """Write doc/reference/permissions.md anew."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "mini_buildd.tests.django_settings"
    django.setup()
    # Verbs have models, which cannot be imported before that.
    table = importlib.import_module("mini_buildd.tests.permissions.table")
    table.REFERENCE.write_text(table.written(), encoding="utf-8")
    print(f"written: {table.REFERENCE}")


if __name__ == "__main__":
    main()
