"""The OpenAPI document in doc/reference is that of the code.

It is written anew by: python -m mini_buildd.tests.api.description
"""

import json

from mini_buildd.api.application import document
from mini_buildd.api.describe import calls
from mini_buildd.tests.api.description import PATH, text


def test_the_document_in_the_reference_is_that_of_the_code() -> None:
    assert PATH.read_text(encoding="utf-8") == text(), (
        "write it anew by: python -m mini_buildd.tests.api.description"
    )


def test_every_call_has_a_name_of_its_own_a_text_and_an_answer() -> None:
    names = set()
    for path, method, call in calls(document()):
        assert call["operationId"] not in names
        names.add(call["operationId"])
        assert call["description"], (path, method)
        assert any(status.startswith("2") for status in call["responses"])


def test_every_object_says_what_it_is() -> None:
    for name, schema in document()["components"]["schemas"].items():
        assert schema.get("description"), name
        assert f"{name}(" not in schema["description"], "dataclass makes that up"


def test_every_reference_leads_somewhere() -> None:
    whole = json.dumps(document())
    schemas = document()["components"]["schemas"]
    for part in whole.split('"#/components/schemas/')[1:]:
        assert part.partition('"')[0] in schemas
