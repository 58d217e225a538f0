"""The certificate is looked after: our own made anew in time, a given one's end told."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings, Tls
from mini_buildd.daemon.certificate import Certificate
from mini_buildd.domain.problem import CertificateUnusable
from mini_buildd.flow.troubles import Troubles
from mini_buildd.incoming.certificate import ends_at


class Scene:
    """A certificate that is looked after, and a clock that can be set."""

    def __init__(self, home: Path, tls: Tls) -> None:
        self.now = datetime.now(UTC)
        self.troubles = Troubles(lambda: self.now)
        self.places = Places(home)
        settings = Settings(home=home, tls=tls)
        self.certificate = Certificate(settings, self.places, lambda: self.now, self.troubles)

    def told(self) -> list[str]:
        """What home says."""
        return [f"{each.name} {each.what}" for each in self.troubles.listing()]


def _given(folder: Path, days: int) -> Tls:
    """One of openssl's, put into the place of the last one."""
    tls = Tls(str(folder / "given.crt"), str(folder / "given.key"))
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", str(days), "-subj", "/CN=given"),
            *("-keyout", tls.key, "-out", tls.certificate),
        ],
        check=True,
        capture_output=True,
    )
    return tls


def test_our_own_is_made_anew_before_its_end_and_nobody_hears_of_it(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Tls())
    context = scene.certificate.context()
    path = scene.places.tls / "certificate.pem"
    first, shown = path.read_bytes(), context.current()
    scene.now += timedelta(days=200)
    scene.certificate.thd_look_after()
    assert path.read_bytes() == first
    scene.now += timedelta(days=180)
    scene.certificate.thd_look_after()
    assert ends_at(path) > scene.now + timedelta(days=300)
    assert context.current() is not shown
    assert scene.told() == []


def test_the_end_of_a_given_one_is_told_before_it_comes_and_until_there_is_a_new_one(
    tmp_path: Path,
) -> None:
    scene = Scene(tmp_path, _given(tmp_path, days=30))
    scene.certificate.thd_look_after()
    assert scene.told() == []
    scene.now += timedelta(days=20)
    scene.certificate.thd_look_after()
    assert scene.told() == ["The end of the TLS certificate is near"]
    scene.now += timedelta(days=20)
    scene.certificate.thd_look_after()
    assert scene.told() == ["The end of the TLS certificate has come"]
    _given(tmp_path, days=400)
    scene.certificate.thd_look_after()
    assert scene.told() == []


def test_a_new_one_that_cannot_be_used_is_told_until_one_can(tmp_path: Path) -> None:
    scene = Scene(tmp_path, _given(tmp_path, days=300))
    context = scene.certificate.context()
    shown = context.current()
    (tmp_path / "given.key").write_text("nonsense", encoding="ascii")
    assert context.current() is shown
    assert scene.told() == ["The TLS certificate cannot be used"]
    (trouble,) = scene.troubles.listing()
    assert trouble.meanwhile == "The one before it is used on."
    _given(tmp_path, days=300)
    assert context.current() is not shown
    assert scene.told() == []


def test_a_server_does_not_start_with_one_that_is_not_there(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Tls(str(tmp_path / "no.crt"), str(tmp_path / "no.key")))
    with pytest.raises(CertificateUnusable, match=r"no\.crt"):
        scene.certificate.context()
    scene.certificate.thd_look_after()
