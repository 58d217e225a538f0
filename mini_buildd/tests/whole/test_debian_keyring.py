"""Debian's own keyring and what Debian's developers have signed by the keys in it."""

from pathlib import Path

import pytest

from mini_buildd.deb.dsc import parse_dsc
from mini_buildd.keys.keyring_file import find_in_keyring
from mini_buildd.keys.verify import BadSignature, UnknownKey, keyring_for, verify
from mini_buildd.tests.scenario import host_codename
from mini_buildd.tests.sources import DebianSources

pytestmark = pytest.mark.whole

KEYRING = Path("/usr/share/keyrings/debian-keyring.gpg")
# Keys expire after a package was signed, and a developer may be no longer one: some will do.
CANDIDATES = ("hello", "sed", "dpkg", "base-files", "tree", "lintian")


def test_source_packages_of_debian_are_verified_by_their_developers_keys(tmp_path: Path) -> None:
    sources = DebianSources(host_codename(), tmp_path / "apt")
    sources.prepare()
    (home := tmp_path / "keyrings").mkdir(mode=0o700)
    good: dict[str, str] = {}
    for package in CANDIDATES:
        try:  # a mirror may lag behind its own index
            data = sources.fetch(package, tmp_path / package).read_bytes()
        except AssertionError:
            continue
        with pytest.raises(UnknownKey) as caught:
            verify(data, keyring_for(home, []))
        found = find_in_keyring(KEYRING, home, caught.value.key_id)
        if not found:
            continue
        try:
            signed = verify(data, keyring_for(home, [found]))
        except BadSignature as error:
            assert "key has expired" in str(error)  # noqa: PT017  # the only fault that may be
            continue
        assert parse_dsc(signed.text).source == package
        good[package] = signed.user_id
        changed = data.replace(b"Format: 3.0", b"Format: 1.0", 1)
        with pytest.raises(BadSignature):
            verify(changed, keyring_for(home, [found]))
    assert good, "of none of them the key is valid"
    assert all("@" in user_id for user_id in good.values())
