"""The calls that bring files, for the OpenAPI document: Django never sees them.

They are served by incoming.http_door; api.describe adds what all calls have in common.
"""

from collections.abc import Mapping
from typing import Any

_BYTES = {"schema": {"type": "string", "format": "binary"}}
_TEXT = {"type": "string"}
_NUMBER = {"type": "string", "pattern": "^[0-9]{1,18}$"}
_TOKEN = {
    "name": "token",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
}
_REFUSED = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}


def _header(name: str, schema: Mapping[str, Any], says: str, *, required: bool) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "schema": schema,
        "description": says,
    }


_VERSION = _header(
    "Tus-Resumable", {"type": "string", "enum": ["1.0.0"]}, "The protocol.", required=True
)
_CHECKSUM = _header(
    "Upload-Checksum",
    _TEXT,
    "sha1, sha256 or sha512, a blank, and the digest of the body in Base64.",
    required=False,
)
_OFFSET = {"Upload-Offset": {"description": "How much is there.", "schema": _NUMBER}}
_EXPIRES = {"Upload-Expires": {"description": "Until when it is kept.", "schema": _TEXT}}


def _call(name: str, summary: str, description: str, **more: Any) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "description": description,
        "tags": ["uploads"],
        "parameters": [],
        **more,
    }


def _also(**responses: Any) -> dict[Any, Any]:
    """Answers by status, and the refusals that only these calls have."""
    refusals = {
        405: "The place does not have the method.",
        412: "Another version of the protocol.",
        503: "Too many connections.",
    }
    told = {status: {"description": text, "content": _REFUSED} for status, text in refusals.items()}
    return {**told, **{int(name[1:]): said for name, said in responses.items()}}


CALLS: Mapping[str, Mapping[str, Any]] = {
    "/api/v1/uploads/files": {
        "post": _call(
            "bring_files",
            "Bring all files of an upload at once",
            "Each part with a file name is a file; all of them arrive, or none. "
            "What becomes of the upload is found by the SHA-256 of its .changes.",
            requestBody={
                "required": True,
                "content": {
                    "multipart/form-data": {
                        "schema": {
                            "type": "object",
                            "properties": {"file": {"type": "array", "items": _BYTES["schema"]}},
                        }
                    }
                },
            },
            responses=_also(
                _202={
                    "description": "They have arrived.",
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Arrived"}}
                    },
                }
            ),
        )
    },
    "/api/v1/incoming/": {
        "post": _call(
            "begin_transfer",
            "Begin a resumable transfer",
            "tus 1.0.0, creation: a file of the length that Upload-Length says, named as "
            "Upload-Metadata says by filename. A body, if any, is the beginning of it.",
            parameters=[
                _VERSION,
                _header("Upload-Length", _NUMBER, "Bytes of the whole file.", required=True),
                _header("Upload-Metadata", _TEXT, "filename, and it in Base64.", required=True),
                _CHECKSUM,
            ],
            requestBody={"content": {"application/offset+octet-stream": _BYTES}},
            responses=_also(
                _201={"description": "It has begun.", "headers": {**_OFFSET, **_EXPIRES}},
                _460={"description": "The checksum differs.", "content": _REFUSED},
            ),
        ),
        "options": _call(
            "ask_about_transfers",
            "Ask what is spoken here",
            "The version of tus, its extensions, and what a file may have at most.",
            responses=_also(_204={"description": "It stands in the header fields."}),
        ),
    },
    "/api/v1/incoming/{token}": {
        "head": _call(
            "ask_about_transfer",
            "Ask how much has come",
            "tus 1.0.0: where to go on. All of it: the file has arrived.",
            parameters=[_TOKEN, _VERSION],
            responses=_also(_200={"description": "It is under way.", "headers": _OFFSET}),
        ),
        "patch": _call(
            "go_on_with_transfer",
            "Go on with a transfer",
            "tus 1.0.0: the body is appended. What comes is kept, also of a request that is cut. "
            "Whoever is at the same transfer is sent away.",
            parameters=[
                _TOKEN,
                _VERSION,
                _header("Upload-Offset", _NUMBER, "Where the body begins.", required=True),
                _CHECKSUM,
            ],
            requestBody={
                "required": True,
                "content": {"application/offset+octet-stream": _BYTES},
            },
            responses=_also(
                _204={"description": "It is kept.", "headers": {**_OFFSET, **_EXPIRES}},
                _460={"description": "The checksum differs.", "content": _REFUSED},
            ),
        ),
        "delete": _call(
            "drop_transfer",
            "Give up a transfer",
            "tus 1.0.0, termination: what has come is removed.",
            parameters=[_TOKEN, _VERSION],
            responses=_also(_204={"description": "It is gone."}),
        ),
    },
}

ARRIVED: Mapping[str, Any] = {
    "title": "Arrived",
    "description": "Files that have arrived, and where to watch the uploads they are of.",
    "type": "object",
    "required": ["files", "changes"],
    "properties": {
        "files": {"type": "array", "items": _TEXT},
        "changes": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "sha256", "watch"],
                "properties": {"name": _TEXT, "sha256": _TEXT, "watch": _TEXT},
            },
        },
    },
}
