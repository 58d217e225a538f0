"""A server that the tests of a file share, and one with bounds."""

from collections.abc import Iterator

import pytest

from mini_buildd.tests.incoming.server import Server, serve


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("ftp") / "spool") as server:
        yield server


@pytest.fixture
def server(shared: Server) -> Server:
    """The shared one, with an empty spool."""
    shared.wait_for_no_parts()
    for path in sorted((shared.spool / "files").glob("*/*")):
        path.unlink()
    for folder in (shared.spool / "files").iterdir():
        folder.rmdir()
    while not shared.told.empty():
        shared.told.get()
    return shared
