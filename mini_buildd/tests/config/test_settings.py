"""Settings: typed, with defaults, and all errors at once."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mini_buildd.config.load import FILE_NAME, SettingsError, load
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Ftp, Http, Settings, Watch, passive_ports


def _load(home: Path, text: str) -> Settings:
    (home / FILE_NAME).write_text(text, encoding="utf-8")
    return load(home)


def _errors(home: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        _load(home, text)
    return caught.value.errors


def test_an_instance_needs_no_file(tmp_path: Path) -> None:
    assert load(tmp_path) == Settings(home=tmp_path)


def test_what_the_file_says_counts_and_the_rest_keeps_its_default(tmp_path: Path) -> None:
    found = _load(
        tmp_path,
        'identity = "depot"\n[http]\nport = 80\nhosts = ["a.example", "b.example"]\n'
        '[ftp]\npassive_ports = "50000-50009"\n',
    )
    assert found.identity == "depot"
    assert found.http.hosts == ("a.example", "b.example")
    assert (found.http.port, found.ftp.port) == (80, Ftp().port)
    assert passive_ports(found.ftp) == range(50000, 50010)


def test_all_errors_are_reported_at_once_each_with_its_place(tmp_path: Path) -> None:
    errors = _errors(
        tmp_path,
        "identity = 3\ncolour = 'red'\nmail = 'localhost'\n"
        "[http]\nport = 70000\nhosts = ['a', 1]\npublic_url = 'ftp://x'\nupload = 'me'\n"
        "[https]\nport = -1\nhsts_seconds = -1\n"
        "[ftp]\nport = true\npassive_ports = '9-1'\n"
        "[incoming]\nmax_file_bytes = 0\nmax_spool_bytes = 1.5\n"
        "[builder]\nbackend = 'docker'\nslots = -1\nspeed = 9\n",
    )
    places = sorted(error.partition(":")[0] for error in errors)
    assert places == sorted(
        [
            "identity",
            "colour",
            "mail",
            "http.port",
            "http.hosts",
            "http.public_url",
            "http.upload",
            "https.port",
            "https.hsts_seconds",
            "ftp.port",
            "ftp.passive_ports",
            "incoming.max_file_bytes",
            "incoming.max_spool_bytes",
            "builder.backend",
            "builder.slots",
            "builder.speed",
        ]
    )


def test_an_error_says_what_would_fit(tmp_path: Path) -> None:
    (error,) = _errors(tmp_path, "[http]\nport = '80'\n")
    assert error == "http.port: expected a whole number, found '80'"
    (error,) = _errors(tmp_path, "colour = 'red'\n")
    assert "known are accounts, archive, builder, ftp, hooks, http" in error


@pytest.mark.parametrize(
    "identity", ["", "two words", "a\\nb", "ä", "-x", "x" * 64, "%commit", "a_b"]
)
def test_an_identity_must_be_a_word_that_goes_into_keys_and_indexes(
    tmp_path: Path, identity: str
) -> None:
    (error,) = _errors(tmp_path, f'identity = "{identity}"\n')
    assert error.startswith("identity: expected letters, digits")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[mail]\nsender = "nobody"', "mail.sender"),
        ('[mail]\nsender = "a@b\\nBcc: c@d"', "mail.sender"),
        ("[mail]\nport = 65536", "mail.port"),
        ("[mail]\nport = 0", "mail.port"),
        ('[http]\npublic_url = "http://a b/"', "http.public_url"),
        ('[http]\npublic_url = "http://a\\nSuites: evil"', "http.public_url"),
        ('[http]\npublic_url = "http://[::1"', "http.public_url"),
        ('[http]\npublic_url = "http://"', "http.public_url"),
        ('[http]\npublic_url = "http://a:x/"', "http.public_url"),
        ('[http]\ninterface = "a["', "http.interface"),
    ],
)
def test_what_would_break_a_mail_or_an_apt_source_is_refused(
    tmp_path: Path, text: str, place: str
) -> None:
    (error,) = _errors(tmp_path, text)
    assert error.partition(":")[0] == place


def test_the_folder_of_the_instance_never_stands_in_the_file(tmp_path: Path) -> None:
    (error,) = _errors(tmp_path, "home = '/elsewhere'\n")
    assert error.startswith("home: unknown")


@pytest.mark.parametrize("content", [b"a = \n", b"\xff", b"a = 1\na = 2\n"])
def test_a_file_that_is_no_toml_is_one_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        load(tmp_path)
    assert len(caught.value.errors) == 1


def test_a_file_that_cannot_be_read_is_an_error_too(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(SettingsError):
        load(tmp_path)


_NAMES = ["identity", "http", "ftp", "mail", "port", "hosts", "slots", "interface"]
_VALUES = st.recursive(
    st.sampled_from(["true", "1", "-5", "1.5", '"text"', '""', "1979-05-27", "99999999999"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=3).map(
            lambda table: "{" + ", ".join(f"{key} = {value}" for key, value in table.items()) + "}"
        )
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(_NAMES), _VALUES))
@hypothesis_settings(deadline=None)
def test_any_toml_gives_settings_or_the_list_of_its_errors(
    tmp_path_factory: pytest.TempPathFactory, table: dict[str, str]
) -> None:
    home = tmp_path_factory.getbasetemp()
    text = "\n".join(f"{key} = {value}" for key, value in table.items())
    try:
        found = _load(home, text)
    except SettingsError as error:
        assert error.errors  # noqa: PT017  # either outcome is right
    else:
        assert 1 <= found.http.port <= 65535
        assert isinstance(found.identity, str)


@pytest.mark.parametrize("text", ["", "1-65535", "50000-50000"])
def test_a_range_of_passive_ports_is_any_or_first_to_last(text: str) -> None:
    ports = passive_ports(Ftp(passive_ports=text))
    assert list(ports[:1]) == [int(text.partition("-")[0] or 0)]


@pytest.mark.parametrize("text", ["1", "-", "0-5", "5-4", "1-65536", "a-b", "1-2-3", " 1-2"])
def test_other_texts_are_no_range_of_ports(text: str) -> None:
    with pytest.raises(ValueError, match="first-last"):
        passive_ports(Ftp(passive_ports=text))


def test_the_url_is_the_public_one_or_made_of_where_we_listen() -> None:
    assert Settings(home=Path("/x")).url == "http://127.0.0.1:8066"
    public = Http(public_url="https://build.example/here/")
    assert Settings(home=Path("/x"), http=public).url == "https://build.example/here"


@pytest.mark.parametrize("interface", ["::1", "2001:db8::1"])
def test_an_ipv6_interface_stands_in_brackets_in_the_url(interface: str) -> None:
    settings = Settings(home=Path("/x"), http=Http(interface=interface, port=80))
    assert settings.url == f"http://[{interface}]:80"
    assert (urlsplit(settings.url).hostname, urlsplit(settings.url).port) == (interface, 80)


@pytest.mark.parametrize("port", [-1, 0, 65536])
def test_a_port_that_nobody_could_be_told_is_refused(tmp_path: Path, port: int) -> None:
    errors = _errors(tmp_path, f"[http]\nport = {port}\n[mail]\nport = {port}\n")
    assert [error.partition(":")[0] for error in errors] == ["http.port", "mail.port"]


def test_a_port_of_0_turns_a_way_in_off(tmp_path: Path) -> None:
    found = _load(tmp_path, "[ftp]\nport = 0\n[sftp]\nport = 0\n")
    assert (found.ftp.port, found.sftp.port) == (0, 0)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[ftp]\ntls = 'maybe'", "ftp.tls"),
        ("[ftp]\npublic_address = 'here.example'", "ftp.public_address"),
        ("[ftp]\npublic_address = '::1'", "ftp.public_address"),
        ("[sftp]\nport = 65536", "sftp.port"),
        ("[incoming]\nidle_seconds = 0", "incoming.idle_seconds"),
        ("[incoming]\nmax_connections = 0", "incoming.max_connections"),
        ("[incoming]\nmax_bytes_per_second = -1", "incoming.max_bytes_per_second"),
    ],
)
def test_what_the_wire_cannot_do_is_refused(tmp_path: Path, text: str, place: str) -> None:
    (error,) = _errors(tmp_path, text)
    assert error.partition(":")[0] == place


def test_a_certificate_without_its_key_is_refused(tmp_path: Path) -> None:
    (error,) = _errors(tmp_path, "[tls]\ncertificate = '/etc/x.pem'\n")
    assert error.startswith("tls: expected both")


@pytest.mark.parametrize(
    ("url", "host"),
    [("https://build.example:8443/x", "build.example"), ("http://[::1]:80", "::1"), ("", "::")],
)
def test_the_host_is_the_one_of_the_url(url: str, host: str) -> None:
    http = Http(public_url=url, interface="::")
    assert Settings(home=Path("/x"), http=http).host == host


def test_the_folders_of_an_instance_are_made_once_and_keys_are_private(tmp_path: Path) -> None:
    places = Places(tmp_path / "new" / "home")
    places.make()
    places.make()
    assert places.gnupg.stat().st_mode & 0o777 == 0o700
    assert places.spool.is_dir()
    assert places.lock.parent == places.home


def test_folders_that_are_watched_are_a_list_of_tables(tmp_path: Path) -> None:
    found = _load(
        tmp_path,
        "[[watch]]\nfolder = '/srv/a'\nsuites = { sid = 'sid-test-unstable' }\n"
        "[[watch]]\nfolder = '/srv/b'\nkeep = false\n",
    )
    assert found.watch == (
        Watch("/srv/a", {"sid": "sid-test-unstable"}),
        Watch("/srv/b", keep=False),
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("watch = 'x'", "watch"),
        ("[watch]\nfolder = '/a'", "watch"),
        ("[[watch]]\nfolder = 'a'", "watch[0].folder"),
        ("[[watch]]\nfolder = '/a'\n[[watch]]\nfolder = '/a'", "watch"),
        ("[[watch]]\nfolder = '/a'\nsuites = ['x']", "watch[0].suites"),
        ("[[watch]]\nfolder = '/a'\n[[watch]]\nfolder = '/b'\ncolour = 1", "watch[1].colour"),
    ],
)
def test_what_is_wrong_with_a_folder_is_told_with_its_place(
    tmp_path: Path, text: str, place: str
) -> None:
    (error,) = _errors(tmp_path, text)
    assert error.partition(":")[0] == place
