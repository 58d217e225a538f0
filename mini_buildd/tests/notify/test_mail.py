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
from mini_buildd.notify.mail import address_of, rejection, send


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


def _rejection(recipient: str = "pat@example.invalid", found: str = "nothing") -> EmailMessage:
    return rejection(
        sender="mini-buildd@localhost",
        recipient=recipient,
        changes_name="hello_1.0_source.changes",
        code="file-missing",
        title="A file of the upload did not arrive",
        expected="hello_1.0.tar.gz",
        found=found,
        hint="Upload all files again.",
        url="http://build.example/uploads/1",
    )


def test_a_rejection_reaches_the_signer_with_cause_and_next_step(server: SmtpServer) -> None:
    send(Mail(host="127.0.0.1", port=server.port), _rejection(found="nichts, größer als …"))
    said = [command.lower() for command in server.commands]
    assert "rcpt to:<pat@example.invalid>" in said
    got = email.message_from_bytes(server.content, policy=email.policy.default)
    assert got["Subject"] == "rejected: hello_1.0_source.changes (file-missing)"
    assert got["Auto-Submitted"] == "auto-generated"
    text = got.get_content()
    for part in ("did not arrive.", "hello_1.0.tar.gz", "größer als …", "Upload all", "/uploads/1"):
        assert part in text


def test_a_recipient_that_is_refused_is_an_smtp_exception(server: SmtpServer) -> None:
    server.refuses = True
    with pytest.raises(SMTPException):
        send(Mail(host="127.0.0.1", port=server.port), _rejection())


def test_a_server_that_is_not_there_is_an_os_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(OSError, match="refused"):
        send(Mail(host="127.0.0.1", port=port), _rejection())


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
        message = _rejection(address, found)
        assert message.as_bytes()
        assert [each.addr_spec for each in message["To"].addresses] == [address]
