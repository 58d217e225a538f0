"""Webhooks as they are sent: signed, in bounded time, and only to where they may go."""

import base64
import ipaddress
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_buildd.notify.reach import may_reach, parse
from mini_buildd.notify.webhook import Courier, CourierStopped, signatures
from mini_buildd.tests.notify.receiver import Receiver, Reply, receiving

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
LOOPBACK = parse(["127.0.0.0/8"])


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def courier(seconds: float = 20) -> Courier:
    """One that may go to this machine."""
    return Courier(LOOPBACK, seconds)


def test_the_signature_is_what_openssl_makes_of_the_same() -> None:
    body = '{"says": "grün"}'.encode()
    key = base64.b64decode(SECRET.partition("_")[2]).hex()
    made = subprocess.run(
        ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{key}", "-binary"],
        input=b"msg_1.1700000000." + body,
        capture_output=True,
        check=True,
    )
    expected = base64.b64encode(made.stdout).decode()
    assert signatures([SECRET], "msg_1", 1700000000, body) == f"v1,{expected}"
    assert signatures([SECRET, SECRET], "msg_1", 1700000000, body).split() == [f"v1,{expected}"] * 2


def test_what_is_sent_comes_as_it_is(receiver: Receiver) -> None:
    answer = courier().post(receiver.url, {"webhook-id": "msg_1"}, b"{}")
    assert (answer.is_taken, answer.status, answer.said) == (True, 200, "thanks")
    (got,) = receiver.got
    assert (got.path, got.body, got.headers["webhook-id"]) == ("/hook?to=chat", b"{}", "msg_1")
    assert got.headers["host"] == receiver.url.split("/")[2]
    assert got.headers["user-agent"].startswith("mini-buildd")


@pytest.mark.parametrize(
    ("reply", "status", "said"),
    [
        (Reply(500, b"<h1>no\x1b[31m</h1>"), 500, "<h1>no [31m</h1>"),
        (Reply(204, b""), 204, "No Content"),
        (Reply(429, b"later", {"Retry-After": "120"}), 429, "later"),
        (Reply(410, b""), 410, "Gone"),
        (Reply(302, b"", {"Location": "http://10.0.0.1/"}), 302, "a redirect to http://10.0.0.1/"),
        (Reply(raw=b"garbage\r\n\r\n"), None, "BadStatusLine"),
        (Reply(raw=b""), None, "RemoteDisconnected"),
        (Reply(raw=b"HTTP/1.0 200 OK\r\nContent-Length: 50\r\n\r\nshort"), 200, "short"),
    ],
)
def test_each_answer_is_told_as_what_it_is(
    receiver: Receiver, reply: Reply, status: int | None, said: str
) -> None:
    receiver.always = reply
    answer = courier().post(receiver.url, {}, b"{}")
    assert answer.status == status
    assert said in answer.said
    assert answer.is_taken == (status in (200, 204))
    assert answer.wants_no_more == (status == 410)
    assert answer.wait_seconds == (120 if status == 429 else None)
    assert len(receiver.got) == 1, "a redirect is not followed"


def test_of_an_endless_answer_only_the_beginning_is_read(receiver: Receiver) -> None:
    receiver.always = Reply(body=b"x" * 10_000_000)
    answer = courier().post(receiver.url, {}, b"{}")
    assert answer.is_taken
    assert len(answer.said) <= 500


def test_who_is_slow_is_hung_up_on(receiver: Receiver) -> None:
    receiver.always = Reply(wait=receiver.release)
    answer = courier(0.3).post(receiver.url, {}, b"{}")
    assert not answer.is_taken
    assert answer.said == "no whole answer within 0.3 s"


def test_who_answers_a_byte_at_a_time_is_hung_up_on_too() -> None:
    """Each byte comes in time, and the whole never."""
    stop = threading.Event()

    class Dripping(Receiver):
        def process_request(self, request, client_address) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001, ARG002  # socketserver's
            request.sendall(b"HTTP/1.1 200 OK\r\n")
            while not stop.wait(0.05):
                try:
                    request.sendall(b"X")
                except OSError:
                    break
            request.close()

    with Dripping() as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        answer = courier(0.5).post(server.url, {}, b"{}")
        stop.set()
        thread.join(10)
    assert not answer.is_taken
    assert "0.5 s" in answer.said


def test_stopping_ends_what_waits_for_an_answer(receiver: Receiver) -> None:
    made = courier()
    receiver.always = Reply(wait=receiver.release)
    receiver.meanwhile = made.stop
    with pytest.raises(CourierStopped):
        made.post(receiver.url, {}, b"{}")
    with pytest.raises(CourierStopped):
        made.post(receiver.url, {}, b"{}")
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    "url", ["http://{}/", "http://localhost:{port}/", "http://[::ffff:127.0.0.1]:{port}/"]
)
def test_nothing_is_sent_to_this_machine_unless_it_may_be(receiver: Receiver, url: str) -> None:
    place = receiver.url.split("/")[2]
    asked = url.format(place, port=place.rpartition(":")[2])
    answer = Courier((), 20).post(asked, {}, b"{}")
    assert not answer.is_taken
    assert "nothing is sent to" in answer.said
    assert "webhooks.networks" in answer.said
    assert receiver.got == []


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("9.9.9.9", True),
        ("2620:fe::fe", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104  # nothing is bound to it
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:9.9.9.9", True),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::909:909", True),
        ("2002:a00:1::", False),
    ],
)
def test_only_addresses_of_the_world_may_be_reached(address: str, *, may: bool) -> None:
    assert may_reach(ipaddress.ip_address(address), ()) == may


def test_the_settings_may_allow_a_network_and_no_more() -> None:
    allowed = parse(["10.1.0.0/16", "fd00::/8"])
    for address, may in (
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("10.2.0.1", False),
        ("fd00::1", True),
        ("::1", False),
    ):
        assert may_reach(ipaddress.ip_address(address), allowed) == may, address


def test_a_name_that_can_be_none_is_told() -> None:
    """Python cannot even ask for it, which must not hold up all that is to come."""
    answer = courier().post("http://nobody..invalid/", {}, b"{}")
    assert not answer.is_taken
    assert "label empty" in answer.said


def test_a_name_that_nobody_knows_is_told() -> None:
    answer = courier().post("http://nobody.invalid/", {}, b"{}")
    assert not answer.is_taken
    assert "gaierror" in answer.said


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a certificate for localhost, in one file."""
    file = tmp_path / "both.pem"
    made = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    names = "-addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem"
    subprocess.run(
        ["openssl", *made.split(), *names.split()], check=True, capture_output=True, cwd=tmp_path
    )
    parts = [(tmp_path / name).read_text() for name in ("key.pem", "cert.pem")]
    file.write_text("".join(parts))
    return file


def test_over_tls_who_answers_must_be_who_was_asked(receiver: Receiver, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    receiver.socket = context.wrap_socket(receiver.socket, server_side=True)
    port = receiver.url.split("/")[2].rpartition(":")[2]

    def trusting() -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(certificate.with_name("cert.pem")))

    known = Courier(LOOPBACK, 20, trust=trusting)
    assert known.post(f"https://localhost:{port}/", {}, b"{}").is_taken
    for made, host in ((known, "127.0.0.1"), (courier(), "localhost")):
        answer = made.post(f"https://{host}:{port}/", {}, b"{}")
        assert not answer.is_taken
        assert "CERTIFICATE_VERIFY_FAILED" in answer.said
    assert len(receiver.got) == 1
