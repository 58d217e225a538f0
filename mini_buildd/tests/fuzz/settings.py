"""The settings file, as an administrator may get it wrong."""

from pathlib import Path

from mini_buildd.config.load import FILE_NAME, SettingsError, load
from mini_buildd.tests.fuzz.target import Take, Target, refusals

_SEED = b"""identity = "test"
[http]
interface = "::1"
port = 8066
public_url = "https://build.example.org/"
hosts = ["build.example.org"]
[ftp]
passive_ports = "50000-50100"
[incoming]
max_file_bytes = 8589934592
[builder]
slots = 2
backend = "unshare"
tags = ["big"]
work = "auto"
[tls]
certificate = ""
key = ""
[mail]
host = ""
sender = "mini-buildd@localhost"
"""


def _prepare(folder: Path) -> Take:
    def load_it(data: bytes) -> None:
        (folder / FILE_NAME).write_bytes(data)
        settings = load(folder)
        assert settings.url
        assert settings.host

    return refusals(load_it, SettingsError)


SETTINGS = Target(
    name="settings",
    prepare=_prepare,
    seeds=(_SEED,),
    share=20_000,
    words=(*_SEED.splitlines(keepends=True), b'"""', b"'''", b"{}", b"nan"),
)
