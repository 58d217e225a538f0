"""A receiver of webhooks for the tests: a real HTTP server that answers as it is told to."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Got:
    """A request that came."""

    path: str
    headers: dict[str, str]  # the names in small letters
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered; *raw* is written instead of all else, and *wait* is waited for first."""

    status: int = 200
    body: bytes = b"thanks"
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    wait: threading.Event | None = None


class Receiver(ThreadingHTTPServer):
    """Notes what comes, and answers the first of *replies* that is left, or else that it is well.

    What has one of the ids *refused* is answered with 400. *meanwhile* is called when something has
    come, before it is answered.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.got: list[Got] = []
        self.replies: list[Reply] = []
        self.always: Reply = Reply()
        self.refused: set[str] = set()
        self.meanwhile: Callable[[], object] = lambda: None
        self.release = threading.Event()

    @property
    def url(self) -> str:
        """Where it takes them."""
        return f"http://127.0.0.1:{self.server_address[1]}/hook?to=chat"

    @property
    def tokens(self) -> list[str]:
        """The ids of the deliveries that came, in their order."""
        return [each.headers["webhook-id"] for each in self.got]


class _Talk(BaseHTTPRequestHandler):
    def do_POST(self) -> None:  # the server calls it so
        receiver = self.server
        if not isinstance(receiver, Receiver):
            raise TypeError(receiver)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): text for name, text in self.headers.items()}
        receiver.got.append(Got(self.path, headers, body))
        receiver.meanwhile()
        reply = receiver.replies.pop(0) if receiver.replies else receiver.always
        if headers.get("webhook-id") in receiver.refused:
            reply = Reply(400)
        if reply.wait is not None:
            reply.wait.wait(30)
        if reply.raw is not None:
            self.wfile.write(reply.raw)
            return
        self.send_response(reply.status)
        for name, text in reply.headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the server's word
        """Nothing: the test's output is no log."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that is there."""
    with Receiver() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield made
        finally:
            made.release.set()
            made.shutdown()
            thread.join(10)
