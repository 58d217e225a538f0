"""What a user would pick instead to take files in: pyftpdlib, and OpenSSH's server for SFTP."""

import getpass
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from mini_buildd.tests.instance import free_port

_PYFTPDLIB = """
import sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
authorizer = DummyAuthorizer()
authorizer.add_anonymous(sys.argv[2], perm="elradfmw")
FTPHandler.authorizer = authorizer
FTPServer(("127.0.0.1", int(sys.argv[1])), FTPHandler).serve_forever()
"""
SFTP_SERVER = Path("/usr/lib/openssh/sftp-server")


@contextmanager
def pyftpdlib(folder: Path) -> Iterator[tuple[int, int]]:
    """It, taking anonymous files into *folder*; gives its port, and its process."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-c", _PYFTPDLIB, str(port), str(folder)]
    with _serving(command, port) as pid:
        yield port, pid


def sshd_path() -> str | None:
    """OpenSSH's server, where it is installed."""
    return shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin")


@contextmanager
def sshd(folder: Path, public_key: Path) -> Iterator[int]:
    """OpenSSH's server, as whoever we are, for whoever has the key; gives its port."""
    port = free_port()
    host_key = folder / "host-key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", host_key], check=True)
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {host_key}\nPidFile none\nUsePAM no\n"
        f"AuthorizedKeysFile {public_key}\nStrictModes no\nAllowUsers {getpass.getuser()}\n"
        f"Subsystem sftp {SFTP_SERVER}\nLogLevel ERROR\n",
        encoding="ascii",
    )
    command = [sshd_path() or "sshd", "-D", "-e", "-f", str(folder / "sshd_config")]
    with _serving(command, port):
        yield port


@contextmanager
def _serving(command: list[str], port: int) -> Iterator[int]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(port)
            yield process.pid
        finally:
            process.terminate()


def _wait(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if time.monotonic() > deadline:
            raise AssertionError(f"nobody serves on port {port}")
        time.sleep(0.05)
