"""Mails: to those whom we know, once each, and again when the server comes back."""

import email
import email.policy
import re
import socket
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User

from mini_buildd.config.settings import Mail
from mini_buildd.db import models
from mini_buildd.domain.permission import SELF, Actor
from mini_buildd.flow.announce import announce
from mini_buildd.flow.approve_key import approve_key, refuse_key
from mini_buildd.flow.letters import Posted, forget_letters, is_behind, post
from mini_buildd.flow.migrate import Migration, migrate
from mini_buildd.flow.retry import retry
from mini_buildd.flow.set_aside import set_aside, take_back
from mini_buildd.flow.submit_key import submit_key
from mini_buildd.tests.flow.crash import runs_to_its_end
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.shelf import ADMIN
from mini_buildd.tests.flow.test_keyrings import write_keyring
from mini_buildd.tests.packager import Packager
from mini_buildd.wire.task import BuildStatus


class PostOffice(socketserver.ThreadingTCPServer):
    """A mail server (RFC 5321) for many mails; *refuses* answers MAIL and RCPT with that.

    It hangs up on a mail that has *poison* in it.
    """

    allow_reuse_address = True
    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.mails: list[EmailMessage] = []
        self.refuses: dict[str, str] = {}
        self.poison = b""

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self._answer("220 ready")
        while line := self.rfile.readline().decode().strip():
            command = line.split(" ", 1)[0].upper()
            refusal = next(
                (text for who, text in self._office.refuses.items() if f"<{who}>" in line), ""
            )
            if command in {"MAIL", "RCPT"} and refusal:
                self._answer(refusal)
            elif command == "DATA":
                self._answer("354 go on")
                data = b"".join(iter(self.rfile.readline, b".\r\n"))
                if self._office.poison and self._office.poison in data:
                    return
                made = email.message_from_bytes(data, policy=email.policy.default)
                self._office.mails.append(made)
                self._answer("250 taken")
            elif command == "QUIT":
                self._answer("221 bye")
                return
            else:
                self._answer("250 fine")

    @property
    def _office(self) -> PostOffice:
        office = self.server
        if not isinstance(office, PostOffice):
            raise TypeError(office)
        return office

    def _answer(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with PostOffice() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join(10)


@pytest.fixture
def mailing(scene: Scene, office: PostOffice) -> Scene:
    """An instance that sends mails."""
    mail = Mail(host="127.0.0.1", port=office.port, sender="buildd@example.invalid")
    scene.use(replace(scene.settings, mail=mail))
    return scene


def reject(scene: Scene, number: int = 1) -> None:
    """An upload of Pat's that is rejected."""
    assert scene.take_in(SourcePackage(version=f"1.0-{number}")).state == "rejected"


def tell(scene: Scene) -> int:
    """Write and send what is due, as the daemon does it; gives how many were sent."""
    announce(scene.site)
    return post(scene.site).sent


def test_a_signer_hears_of_a_rejection_once(mailing: Scene, office: PostOffice) -> None:
    reject(mailing)
    assert tell(mailing) == 1
    assert tell(mailing) == 0
    (sent,) = office.mails
    assert sent["To"] == "pat@example.invalid"
    told = "rejected: hello_1.0-1_source.changes (version-against-rule)"
    assert sent["Subject"] == f"example: {told}"
    upload = models.Upload.objects.get()
    assert f"http://buildd.example:8066/uploads/{upload.pk}/" in sent.get_content()


def test_the_mail_tells_all_that_is_wrong(mailing: Scene, office: PostOffice) -> None:
    mailing.take_in(SourcePackage(version="1.0-1", urgency="soon", architecture="arm64"))
    tell(mailing)
    (sent,) = office.mails
    assert "(version-against-rule)" in sent["Subject"]
    text = " ".join(sent.get_content().split())
    assert "Also: * Unknown urgency (urgency-unknown): expected Urgency: one of low" in text
    assert "(nothing-to-build)" in text


def test_strangers_get_no_mail(mailing: Scene, office: PostOffice, stranger: Packager) -> None:
    arrival = list(mailing.send(SourcePackage().upload(stranger)).values())[-1]
    assert arrival.name.endswith(".changes")
    mailing.take_in(SourcePackage("fine"))
    assert models.Event.objects.filter(kind="upload.rejected").count() == 1
    assert tell(mailing) == 0
    assert office.mails == []


def test_a_signer_hears_once_that_the_upload_is_published(
    mailing: Scene, office: PostOffice
) -> None:
    source = mailing.published()
    assert tell(mailing) == 1
    (sent,) = office.mails
    assert sent["To"] == "pat@example.invalid"
    told = f"hello {source.version} is published in trixie-test-unstable"
    assert sent["Subject"] == f"example: {told}"
    assert re.search(r"^  amd64 +built +\d+:\d\d  here\r?$", sent.get_content(), re.MULTILINE)
    migrate(mailing.site, SELF, Migration(mailing.distribution(), ["hello"]), force=True)
    mailing.publish_all()
    assert tell(mailing) == 0, "what goes on from there is no matter of the upload"


def test_a_signer_hears_that_a_build_has_failed_and_why(mailing: Scene, office: PostOffice) -> None:
    mailing.accepted()
    for task in mailing.assign():
        mailing.report(task, mailing.result(task, BuildStatus.FAILED, reason="no rule to make it"))
    mailing.publish_all()
    tell(mailing)
    (sent,) = office.mails
    assert "is not published in trixie-test-unstable: failed on amd64" in sent["Subject"]
    assert "amd64: no rule to make it" in " ".join(sent.get_content().split())


def test_who_does_not_want_to_hear_of_outcomes_hears_of_rejections_only(
    mailing: Scene, office: PostOffice
) -> None:
    quiet = replace(mailing.settings.mail, outcomes=False)
    mailing.use(replace(mailing.settings, mail=quiet))
    mailing.published()
    assert tell(mailing) == 0
    reject(mailing)
    assert tell(mailing) == 1
    assert len(office.mails) == 1


def test_what_is_accepted_makes_no_mail(mailing: Scene) -> None:
    mailing.accepted()
    assert tell(mailing) == 0


def test_when_the_server_is_away_the_mail_goes_out_later(
    mailing: Scene, office: PostOffice
) -> None:
    reject(mailing)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = taken.getsockname()[1]
    settings = mailing.settings
    mailing.use(replace(settings, mail=replace(settings.mail, port=nobody)))
    announce(mailing.site)
    for _ in range(3):
        posted = post(mailing.site)
        assert posted.sent == 0
        assert "refused" in posted.trouble
    mailing.use(settings)
    assert tell(mailing) == 1
    assert post(mailing.site) == Posted(0)
    assert len(office.mails) == 1


def test_after_a_fault_in_the_middle_it_goes_on_where_it_was(
    mailing: Scene, office: PostOffice
) -> None:
    for number in (1, 2, 3):
        reject(mailing, number)
    office.refuses["pat@example.invalid"] = "451 <pat@example.invalid>: try again later"
    announce(mailing.site)
    assert post(mailing.site) == Posted(0, "451 <…>: try again later"), "home tells it everybody"
    assert "pat@example.invalid" in models.Letter.objects.earliest("pk").answer
    office.refuses.clear()
    assert tell(mailing) == 0, "it is left alone for a while"
    mailing.clock.now += timedelta(minutes=2)
    assert tell(mailing) == 3
    assert [mail["Subject"].split("_")[1] for mail in office.mails] == ["1.0-1", "1.0-2", "1.0-3"]


def test_an_address_that_is_refused_for_good_holds_no_other_mail_up(
    mailing: Scene, office: PostOffice, caplog: pytest.LogCaptureFixture
) -> None:
    reject(mailing, 1)
    office.refuses["pat@example.invalid"] = "550 no such mailbox"
    assert tell(mailing) == 0
    assert "pat@example.invalid" in caplog.text
    models.OpenPGPKey.objects.get().user.__class__.objects.update(email="new@example.invalid")
    reject(mailing, 2)
    assert tell(mailing) == 1
    assert [mail["To"] for mail in office.mails] == ["new@example.invalid"]


def test_while_the_server_refuses_us_no_letter_is_given_up(
    mailing: Scene, office: PostOffice
) -> None:
    reject(mailing)
    office.refuses["buildd@example.invalid"] = "530 5.7.0 Authentication required"
    announce(mailing.site)
    assert post(mailing.site) == Posted(0, "530 5.7.0 Authentication required")
    office.refuses.clear()
    assert is_behind()
    mailing.clock.now += timedelta(minutes=2)
    assert tell(mailing) == 1
    assert not is_behind()


def test_a_letter_on_which_the_server_hangs_up_holds_no_other_up(
    mailing: Scene, office: PostOffice
) -> None:
    for number in (1, 2):
        reject(mailing, number)
    office.poison = b"hello_1.0-1_source.changes"
    announce(mailing.site)
    assert "closed" in post(mailing.site).trouble
    assert post(mailing.site) == Posted(1)
    for _ in range(9):
        mailing.clock.now += timedelta(days=1)
        post(mailing.site)
    assert post(mailing.site) == Posted(0)
    assert [each.given_up_at is None for each in models.Letter.objects.order_by("pk")] == [
        False,
        True,
    ]


@pytest.mark.parametrize("address", ["", "no address", "a@b.c\nBcc: all@example.invalid"])
def test_an_account_without_a_usable_address_is_reached_by_its_key(
    mailing: Scene, office: PostOffice, address: str
) -> None:
    models.OpenPGPKey.objects.get().user.__class__.objects.update(email=address)
    reject(mailing)
    assert tell(mailing) == 1
    assert [mail["To"] for mail in office.mails] == ["pat@example.invalid"]


def test_without_a_mail_server_nothing_heaps_up_for_later(scene: Scene, office: PostOffice) -> None:
    reject(scene)
    assert announce(scene.site) == 0
    mail = Mail(host="127.0.0.1", port=office.port)
    scene.use(replace(scene.settings, mail=mail))
    assert announce(scene.site) == 0


def test_administrators_hear_of_what_needs_one_of_them(mailing: Scene, office: PostOffice) -> None:
    models.Builder.objects.create(name="north")
    set_aside(mailing.site, ADMIN, "north", "no disk")
    assert tell(mailing) == 0, "nobody has an address"
    people = get_user_model().objects
    people.create_superuser("ada", "ada@example.test")
    people.create_superuser("bob", "bob@example.test")
    people.create_superuser("gone", "gone@example.test", is_active=False)
    people.create_superuser("none", "no address")
    people.create_user("eve", "eve@example.test")
    take_back(mailing.site, ADMIN, "north")
    set_aside(mailing.site, ADMIN, "north", "no disk\nBcc: eve@example.test")
    assert tell(mailing) == 2
    assert tell(mailing) == 0
    sent, other = office.mails
    assert [sent["To"], other["To"]] == ["ada@example.test", "bob@example.test"]
    assert sent["Subject"] == "example: a builder is set aside"
    assert "north by root: no disk" in sent.get_content()
    assert "http://buildd.example:8066/builders/" in sent.get_content()
    assert sent["Bcc"] is None


def test_administrators_hear_of_a_key_that_waits_and_its_owner_of_what_became_of_it(
    mailing: Scene, office: PostOffice, stranger: Packager
) -> None:
    User.objects.create_superuser("root", "root@example.invalid")
    User.objects.create_user("eve", "eve@example.invalid")
    armored = stranger.public_key().read_text(encoding="ascii")
    submit_key(mailing.site, Actor("eve"), "eve", armored)
    assert tell(mailing) == 1
    approve_key(mailing.site, ADMIN, stranger.fingerprint)
    refuse_key(mailing.site, ADMIN, stranger.fingerprint, "has left")
    assert tell(mailing) == 2
    assert [(sent["To"], sent["Subject"]) for sent in office.mails] == [
        ("root@example.invalid", "example: a key waits for approval"),
        ("eve@example.invalid", "example: your key is approved, and you can upload"),
        ("eve@example.invalid", "example: your key is refused"),
    ]
    assert "http://buildd.example:8066/keys/" in office.mails[0].get_content()
    assert "has left" in office.mails[2].get_content()


def test_who_signs_by_a_keyring_hears_of_a_rejection_by_the_address_of_the_key(
    mailing: Scene, office: PostOffice, stranger: Packager, tmp_path: Path
) -> None:
    write_keyring(tmp_path / "friends.gpg", stranger)
    models.TrustedKeyring.objects.create(name="friends", path=str(tmp_path / "friends.gpg"))
    mailing.send(SourcePackage().upload(stranger))
    mailing.take_in(SourcePackage("fine"))
    assert tell(mailing) == 1
    assert office.mails[0]["To"] == "s@example.test"


def test_no_letter_is_wider_than_a_screen_but_for_what_is_one_word(
    mailing: Scene, office: PostOffice
) -> None:
    mailing.accepted(SourcePackage())
    models.Source.objects.update(changes=" hello\n  * " + "A long tale of what is new. " * 12)
    (task,) = mailing.assign()
    reason = "no rule to make what was wanted, " * 8
    log = mailing.site.places.builds / task.attempt / "log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("make: *** " + "and so on " * 40 + "\nerror: this is why\n", encoding="utf-8")
    mailing.report(task, mailing.result(task, BuildStatus.FAILED, reason=reason))
    mailing.publish_all()
    tell(mailing)
    (sent,) = office.mails
    text = sent.get_content()
    assert "  | error: this is why" in text
    wide = [line for line in text.splitlines() if len(line) > 72]
    assert all(" " not in line.strip() for line in wide), wide


def test_the_letter_waits_until_all_builds_are_decided(mailing: Scene, office: PostOffice) -> None:
    models.DistributionArchitecture.objects.create(
        distribution=mailing.distribution(), architecture="i386"
    )
    models.Chroot.objects.create(
        base=mailing.distribution().base,
        architecture="i386",
        backend="unshare",
        made_at=mailing.clock(),
    )
    mailing.accepted()
    tasks = {task.architecture: task for task in mailing.assign()}
    assert set(tasks) == {"amd64", "i386"}
    mailing.report(tasks["amd64"], mailing.result(tasks["amd64"], BuildStatus.FAILED, reason="no"))
    mailing.publish_all()
    assert models.Event.objects.filter(kind="source.held").exists(), "a failure counts at once"
    assert tell(mailing) == 0, "but there is more to tell"
    mailing.report(tasks["i386"])
    assert tell(mailing) == 1
    text = office.mails[0].get_content()
    assert re.search(r"^  amd64 +failed .*\r?\n  i386 +built", text, re.MULTILINE), text


def test_what_is_tried_again_meanwhile_is_told_by_its_end_only(
    mailing: Scene, office: PostOffice
) -> None:
    mailing.accepted()
    (task,) = mailing.assign()
    mailing.report(task, mailing.result(task, BuildStatus.FAILED, reason="no"))
    mailing.publish_all()
    retry(mailing.site, ADMIN, models.Job.objects.get().pk)
    assert tell(mailing) == 0
    for again in mailing.assign():
        mailing.report(again)
    mailing.publish_all()
    assert tell(mailing) == 1
    assert "is published" in office.mails[0]["Subject"]


def test_all_mails_on_an_upload_are_one_thread(mailing: Scene, office: PostOffice) -> None:
    mailing.accepted()
    (task,) = mailing.assign()
    mailing.report(task, mailing.result(task, BuildStatus.FAILED, reason="no"))
    mailing.publish_all()
    assert tell(mailing) == 1
    retry(mailing.site, ADMIN, models.Job.objects.get().pk)
    for again in mailing.assign():
        mailing.report(again)
    mailing.publish_all()
    assert tell(mailing) == 1
    first, second = office.mails
    assert first["Message-ID"] != second["Message-ID"]
    assert first["References"] == second["References"]
    assert first["X-Mini-Buildd-Outcome"] == "source.held"
    assert second["List-Id"] == "test.example <test.example.buildd.example>"


def test_who_is_killed_anywhere_has_each_letter_written_once_and_sent_at_least_once(
    real: Scene, office: PostOffice
) -> None:
    real.use(
        replace(real.settings, mail=Mail(host="127.0.0.1", port=office.port, sender="b@e.invalid"))
    )
    for number in (1, 2):
        reject(real, number)
    effects = 0
    while not runs_to_its_end(lambda: tell(real), effects=effects):
        effects += 1
        real.clock.now += timedelta(minutes=1)  # the clock of a child goes with it
    assert effects > 5
    assert models.Letter.objects.filter(sent_at__isnull=False).count() == 2
    assert models.Letter.objects.count() == 2
    # SMTP cannot ask whether a letter has come; mail programs know by its id.
    assert len({mail["Message-ID"] for mail in office.mails}) == 2
    assert len(office.mails) > 2


def test_what_cannot_be_sent_for_days_is_given_up(mailing: Scene, office: PostOffice) -> None:
    reject(mailing)
    office.refuses["pat@example.invalid"] = "451 try again later"
    announce(mailing.site)
    for _ in range(7):
        post(mailing.site)
        mailing.clock.now += timedelta(days=1)
    assert post(mailing.site) == Posted(0)
    assert models.Letter.objects.get().given_up_at is not None
    mailing.clock.now += timedelta(days=30)
    forget_letters(mailing.site)
    assert not models.Letter.objects.exists()
