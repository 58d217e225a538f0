"""Whom a connection trusts: nobody says more to a stranger than hello."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_buildd.client.api import Api
from mini_buildd.client.connection import Connection
from mini_buildd.client.server import Server
from mini_buildd.client.tls import Unreachable, Untrusted, seen_fingerprint
from mini_buildd.tests.daemon.server import serving


@pytest.fixture
def url(short_folder: Path) -> Iterator[str]:
    """A server that has made its certificate itself."""
    with serving(Path(tempfile.mkdtemp(dir=short_folder))) as server:
        yield f"https://localhost:{server.tls_port}"


def ask(server: Server) -> str:
    """What becomes of a call; nothing of ours is served there."""
    with pytest.raises(Unreachable) as refused:
        Api(Connection(server)).status()
    if isinstance(refused.value, Untrusted):
        return f"untrusted: {refused.value}"
    return str(refused.value)


def test_a_certificate_that_nobody_has_signed_is_trusted_by_its_fingerprint_alone(url: str) -> None:
    assert ask(Server(url)).startswith("untrusted: ")
    seen = seen_fingerprint("localhost", int(url.rpartition(":")[2]))
    assert "answers otherwise than expected" in ask(Server(url, fingerprint=seen))
    other = seen.replace(seen[0], "0" if seen[0] != "0" else "1")
    told = ask(Server(url, fingerprint=other))
    assert told.startswith("untrusted: ")
    assert seen in told
