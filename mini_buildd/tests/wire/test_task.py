"""Messages: what is encoded is decoded again; whatever else comes is refused."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.wire.task import (
    AptSource,
    BuildStatus,
    MalformedMessage,
    Result,
    ResultFile,
    Running,
    Task,
    decode,
    encode,
)

_TEXT = st.text(max_size=20)
_NUMBER = st.integers(0, 2**62)
_SOURCES = st.builds(AptSource, line=_TEXT, pin=_TEXT, key=_TEXT)
_FILES = st.builds(ResultFile, name=_TEXT, size_bytes=_NUMBER, sha256=_TEXT)
_TASKS = st.builds(
    Task,
    fence=_NUMBER,
    builds_any=st.booleans(),
    builds_all=st.booleans(),
    apt_sources=st.lists(_SOURCES, max_size=2).map(tuple),
    attempt=_TEXT,
    source=_TEXT,
    version=_TEXT,
    dsc=_TEXT,
    codename=_TEXT,
    distribution=_TEXT,
    architecture=_TEXT,
    backend=_TEXT,
    chroot=_TEXT,
)
_RESULTS = st.builds(
    Result,
    fence=_NUMBER,
    status=st.sampled_from(BuildStatus),
    files=st.lists(_FILES, max_size=2).map(tuple),
    attempt=_TEXT,
    reason=_TEXT,
    stage=_TEXT,
    finished_at=_TEXT,
    changes=_TEXT,
)
_RUNNING = st.builds(Running, pid=_NUMBER, start_ticks=_NUMBER, boot_id=_TEXT, started_at=_TEXT)
_KINDS: tuple[type[msgspec.Struct], ...] = (Task, Running, Result)


@given(st.one_of(_TASKS, _RESULTS, _RUNNING))
def test_a_message_is_decoded_as_it_was_encoded(message: msgspec.Struct) -> None:
    data = encode(message)
    assert decode(data, type(message)) == message
    for kind in set(_KINDS) - {type(message)}:
        with pytest.raises(MalformedMessage, match=kind.__name__):
            decode(data, kind)


@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode)))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    for kind in _KINDS:
        with pytest.raises(MalformedMessage):
            decode(data, kind)


@given(_RESULTS, st.data())
def test_a_field_that_is_missing_unknown_or_of_another_type_is_refused(
    result: Result, data: st.DataObject
) -> None:
    fields = json.loads(encode(result))
    required = [each.encode_name for each in msgspec.structs.fields(Result) if each.required]
    name = data.draw(st.sampled_from(sorted(required)))
    for broken in (
        {key: value for key, value in fields.items() if key != name},
        {**fields, "unknown": 1},
        {**fields, name: None},
        {**fields, "status": "unheard of"},
    ):
        with pytest.raises(MalformedMessage):
            decode(json.dumps(broken).encode(), Result)


def test_half_a_message_is_refused() -> None:
    data = encode(Running(pid=1, start_ticks=2, boot_id="x", started_at="y"))
    for length in range(len(data.rstrip()) - 1):
        with pytest.raises(MalformedMessage):
            decode(data[:length], Running)


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(MalformedMessage):
        decode(b'{"x":' * 100_000, Running)
