"""Mails, handed to a real SMTP server."""

import email
import email.policy
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from smtplib import SMTPException

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.config.settings import Mail
from mini_buildd.notify.mail import Envelope, address_of, connect, letter


@dataclass(slots=True)
class SmtpServer:
    """A small mail server (RFC 5321) on a loopback port: takes one mail, or refuses a recipient."""

    refuses: bool = False
    commands: list[str] = field(default_factory=list)
    content: bytes = b""
    _socket: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._socket.getsockname()[1]
        return port

    def serve(self) -> None:
        """Talk to one client."""
        with self._socket, self._socket.accept()[0] as client, client.makefile("rwb") as stream:

            def answer(text: str) -> None:
                stream.write(f"{text}\r\n".encode())
                stream.flush()

            answer("220 ready")
            while line := stream.readline().decode().rstrip("\r\n"):
                self.commands.append(line)
                match line.split(" ", 1)[0].upper():
                    case "RCPT" if self.refuses:
                        answer("550 no such mailbox")
                    case "DATA":
                        answer("354 go on")
                        lines = iter(stream.readline, b".\r\n")
                        self.content = b"".join(each.removeprefix(b".") for each in lines)
                        answer("250 taken")
                    case "QUIT":
                        answer("221 bye")
                        return
                    case _:
                        answer("250 fine")


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    made = SmtpServer()
    thread = threading.Thread(target=made.serve)
    thread.start()
    yield made
    thread.join(10)
    assert not thread.is_alive()


def _letter(recipient: str = "pat@example.invalid", text: str = "It is so.") -> EmailMessage:
    envelope = Envelope(
        sender="mini-buildd@localhost",
        recipient=recipient,
        subject="example: hello 1.0 is\npublished",
        host="buildd.example",
        name="upload.7.9.1.example",
        thread="upload.7.example",
        unsubscribe="http://buildd.example/unsubscribe/own-1:x/",
        list_name="test.example",
        marks={"Package": "hello", "Nothing": ""},
    )
    return letter(envelope, text)


def _send(server: SmtpServer, message: EmailMessage) -> None:
    with connect(Mail(host="127.0.0.1", port=server.port)) as session:
        session.send_message(message)


def test_a_letter_reaches_whom_it_is_for_and_can_be_read_on_its_way(server: SmtpServer) -> None:
    _send(server, _letter(text="nichts, größer als …\n" + "a long line of words " * 20))
    said = [command.lower() for command in server.commands]
    assert "rcpt to:<pat@example.invalid>" in said
    got = email.message_from_bytes(server.content, policy=email.policy.default)
    assert got["Subject"] == "example: hello 1.0 is published"
    assert got["Content-Transfer-Encoding"] == "quoted-printable"
    assert "größer als …" in got.get_content()


def test_its_header_holds_threads_together_and_tells_programs_what_it_is() -> None:
    got = email.message_from_string(_letter().as_string(), policy=email.policy.default)
    assert got["Message-ID"] == "<upload.7.9.1.example@buildd.example>"
    assert got["References"] == got["In-Reply-To"] == "<upload.7.example@buildd.example>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["List-Id"] == "test.example <test.example.buildd.example>"
    assert got["X-Mini-Buildd-Package"] == "hello"
    assert "X-Mini-Buildd-Nothing" not in got
    # RFC 8058: both fields, or no mail program shows its button.
    assert got["List-Unsubscribe"] == "<http://buildd.example/unsubscribe/own-1:x/>"
    assert got["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_recipient_that_is_refused_is_an_smtp_exception(server: SmtpServer) -> None:
    server.refuses = True
    with pytest.raises(SMTPException):
        _send(server, _letter())


def test_a_server_that_is_not_there_is_an_os_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with (
        pytest.raises(OSError, match="refused"),
        connect(Mail(host="127.0.0.1", port=port)) as session,
    ):
        session.send_message(_letter())


def test_nothing_is_sent_in_the_clear_where_tls_is_asked_for(server: SmtpServer) -> None:
    with (
        pytest.raises(SMTPException, match="STARTTLS"),
        connect(Mail(host="127.0.0.1", port=server.port, security="starttls")) as session,
    ):
        session.send_message(_letter())
    assert not any(command.upper().startswith("MAIL") for command in server.commands)


@pytest.mark.parametrize(
    ("user_id", "address"),
    [
        ("Pat Packager <pat@example.invalid>", "pat@example.invalid"),
        ("Pat (work) <pat@example.invalid>", "pat@example.invalid"),
        ("pat@example.invalid", "pat@example.invalid"),
        ("Pat", ""),
        ("", ""),
        ("Pat <pat>", ""),
        ("Pat <pat@example.invalid>\nBcc: all@example.invalid", ""),
        ("<pät@example.invalid>", ""),
        ("one@example.invalid, two@example.invalid", ""),
    ],
)
def test_the_address_in_a_user_id_is_one_plain_address_or_none(user_id: str, address: str) -> None:
    assert address_of(user_id) == address


@given(st.one_of(st.text(), st.text(alphabet="ab@.<>,:;\"'()\\ \r\n\0ä", max_size=30)), st.text())
def test_a_mail_can_be_written_to_any_address_that_was_found(user_id: str, found: str) -> None:
    address = address_of(user_id)
    if address:
        message = _letter(address, found)
        assert message.as_bytes()
        assert [each.addr_spec for each in message["To"].addresses] == [address]
