"""nginx with the site file of the examples, for tests and to measure beside."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mini_buildd.tests.instance import free_port, wait_for

_EXAMPLE = Path(__file__).parents[2] / "examples" / "nginx" / "mini-buildd.conf"

# As Debian's nginx.conf has it, but for one person without privileges, and without an access log.
_MAIN = """
daemon off;
worker_processes 1;
pid {folder}/pid;
events {{ worker_connections 768; }}
http {{
    sendfile on;
    tcp_nopush on;
    types_hash_max_size 2048;
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    gzip on;
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def site_file(*, port: int, home: Path, daemon_port: int, private: str) -> str:
    """The example with its lines changed as its README says; AssertionError if one is missing."""
    text = _EXAMPLE.read_text(encoding="utf-8")
    for line, ours in (
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("server_name buildd.example.org;", "server_name localhost;"),
        ("server 127.0.0.1:8066;", f"server 127.0.0.1:{daemon_port};"),
        ("root /var/lib/mini-buildd;", f"root {home};"),
        ("NAME-OF-A-PRIVATE-ONE", private),
    ):
        if text.count(line) != 1:
            raise AssertionError(f"the example has no line {line}")
        text = text.replace(line, ours)
    return text


@contextmanager
def running(
    folder: Path, *, home: Path, daemon_port: int, private: str = "none"
) -> Iterator[tuple[int, int]]:
    """The port of a running nginx and the process id of its one worker; its files in *folder*."""
    port = free_port()
    text = site_file(port=port, home=home, daemon_port=daemon_port, private=private)
    (folder / "site.conf").write_text(text)
    (folder / "nginx.conf").write_text(_MAIN.format(folder=folder))
    log = folder / "error.log"
    command = ["nginx", "-p", str(folder), "-e", str(log), "-c", str(folder / "nginx.conf")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as nginx:
        try:
            children = Path(f"/proc/{nginx.pid}/task/{nginx.pid}/children")

            def worker() -> str | None:
                if nginx.poll() is not None:
                    raise AssertionError(log.read_text())
                return children.read_text(encoding="ascii")

            yield port, int(wait_for("nginx has a worker", worker, seconds=10))
        finally:
            nginx.terminate()
