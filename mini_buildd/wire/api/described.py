"""How the dataclasses of this folder are described in the OpenAPI document."""

from collections.abc import Mapping
from typing import Any

# The name of the attribute that it is given to is pydantic's; no import is needed for it.
DESCRIBED: Mapping[str, Any] = {"use_attribute_docstrings": True}
