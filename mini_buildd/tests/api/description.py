"""Writes doc/reference/openapi.json anew: python -m mini_buildd.tests.api.description."""

import json
import os
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mini_buildd.tests.django_settings")

PATH = Path(__file__).parents[3] / "doc" / "reference" / "openapi.json"


def text() -> str:
    """The document as it stands in the file."""
    from mini_buildd.api.application import document  # noqa: PLC0415  # Django must be set up

    return json.dumps(document(), indent=1, ensure_ascii=False, sort_keys=False) + "\n"


if __name__ == "__main__":
    import django

    django.setup()
    PATH.write_text(text(), encoding="utf-8")
