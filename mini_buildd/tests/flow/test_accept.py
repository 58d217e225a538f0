"""Accepting: the rules, the pool before the row, and every crash in between."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group, User

from mini_buildd.config.settings import Incoming
from mini_buildd.db import models
from mini_buildd.db.queries.uploads import find_upload
from mini_buildd.db.visibility import seen_by
from mini_buildd.domain.permission import VISITOR, Role
from mini_buildd.flow import accept as accept_verb
from mini_buildd.flow import sweep
from mini_buildd.flow.accept import accept
from mini_buildd.flow.receive import receive
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.threads import at_once

SECOND = "1.0-1~test13+2"


def received(scene: Scene, package: SourcePackage | None = None) -> models.Upload:
    """An upload that is whole and waits to be accepted."""
    arrival = scene.upload(package)
    receive(scene.site, arrival, is_final=True)
    return models.Upload.objects.get(token=arrival.token)


def pool(scene: Scene) -> dict[str, bytes]:
    """What the pool holds, by file name."""
    folder = scene.site.tree("test").root / "pool"
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_accepted_source_is_in_the_pool_and_in_the_rows_with_its_digests(scene: Scene) -> None:
    upload = received(scene)
    assert accept(scene.site, upload) == ["source.accepted"]
    held = pool(scene)
    rows = models.PoolFile.objects.filter(sources__source__upload=upload)
    assert {row.name: row.sha256 for row in rows} == {
        name: hashlib.sha256(data).hexdigest() for name, data in held.items()
    }
    assert sorted(held) == [
        "hello_1.0-1~test13+1.debian.tar.xz",
        "hello_1.0-1~test13+1.dsc",
        "hello_1.0.orig.tar.gz",
    ]
    assert not scene.site.spool.upload(upload.token).exists()


def test_the_orig_that_an_upload_leaves_out_comes_from_the_pool(scene: Scene) -> None:
    scene.accepted()
    source = scene.accepted(SourcePackage(version=SECOND, with_orig=False))
    assert source.files.filter(file__name="hello_1.0.orig.tar.gz").exists()
    assert hashlib.sha256(b"upstream").hexdigest() in source.paragraph


def test_an_orig_that_is_nowhere_is_told(scene: Scene) -> None:
    models.AptSource.objects.all().delete()
    upload = scene.take_in(SourcePackage(with_orig=False))
    assert upload.problem_code == "source-incomplete"


@pytest.mark.parametrize("with_orig", [True, False])
def test_another_orig_of_the_same_name_conflicts(scene: Scene, *, with_orig: bool) -> None:
    scene.accepted()
    before = pool(scene)
    package = SourcePackage(version=SECOND, orig=b"something else", with_orig=with_orig)
    upload = scene.take_in(package)
    assert upload.problem_code == "file-conflicts"
    assert {name: data for name, data in pool(scene).items() if name in before} == before


def test_what_a_refused_upload_left_in_the_pool_is_in_nobodys_way(scene: Scene) -> None:
    """The orig went in before the .debian.tar conflicted; no row names it."""
    scene.accepted()
    tree = scene.site.tree("test").root / "pool/main/h/hello"
    (tree / "hello_2.0.orig.tar.gz").write_bytes(b"left by a crash")
    source = scene.accepted(SourcePackage(version="2.0-1~test13+1"))
    assert source.files.filter(file__name="hello_2.0.orig.tar.gz").exists()
    assert pool(scene)["hello_2.0.orig.tar.gz"] == b"upstream"


def test_binaries_in_an_upload_are_ignored(scene: Scene) -> None:
    source = scene.accepted(SourcePackage(more={"hello_1.0-1~test13+1_amd64.deb": b"not ours"}))
    assert not source.binaries.exists()
    assert not [name for name in pool(scene) if name.endswith(".deb")]


@pytest.mark.parametrize(
    ("package", "code"),
    [
        (SourcePackage(distribution="trixie-test-nowhere"), "distribution-unknown"),
        (SourcePackage(distribution="../../etc"), "distribution-unknown"),
        (SourcePackage(distribution="trixie-test-stable"), "distribution-closed"),
        (SourcePackage(version="1.0-1"), "version-against-rule"),
        (SourcePackage(architecture="arm64"), "nothing-to-build"),
        (SourcePackage(section="NONFREE/x"), "changes-malformed"),
        (SourcePackage(dsc_fields="Directory: /etc\nFormat: 9\n"), "changes-malformed"),
        (SourcePackage(changes_fields="Closes: 12 x\n"), "closes-malformed"),
        (SourcePackage(more_in_dsc={"hello_2.dsc": b"another"}), "source-missing"),
        (SourcePackage(more_in_dsc={"hello_1.0_amd64.deb": b"squats"}), "changes-malformed"),
        (SourcePackage(more_in_dsc={"hello_1.0.html": b"<script>"}), "changes-malformed"),
        (SourcePackage(more_in_dsc={"evil_1.0.orig.tar.gz": b"squats"}), "changes-malformed"),
    ],
)
def test_a_rejection_names_its_cause_and_changes_nothing(
    scene: Scene, package: SourcePackage, code: str
) -> None:
    upload = scene.take_in(package)
    assert (upload.state, upload.problem_code) == ("rejected", code)
    assert upload.expected
    assert upload.hint
    assert pool(scene) == {}
    assert not models.PoolFile.objects.exists()
    assert not scene.site.spool.upload(upload.token).exists()


def test_all_else_that_is_wrong_is_noted_too(scene: Scene) -> None:
    upload = scene.take_in(SourcePackage(version="1.0-1", urgency="soon", architecture="arm64"))
    assert upload.problem_code == "version-against-rule"
    assert [each["code"] for each in upload.more_problems] == [
        "urgency-unknown",
        "nothing-to-build",
    ]
    assert all(each["expected"] and each["hint"] for each in upload.more_problems)


def test_urgency_and_closed_bugs_are_kept(scene: Scene) -> None:
    fields = "Closes: 700001 700002 700001\n"
    source = scene.accepted(
        SourcePackage(urgency="HIGH (high for those who say hello)", changes_fields=fields)
    )
    assert source.upload is not None
    assert (source.upload.urgency, source.upload.closes) == ("high", "700001 700002")


def test_an_old_signature_counts_no_more(scene: Scene) -> None:
    """So nobody can send again for ever what was once refused, or never came."""
    arrival = scene.upload()
    scene.clock.now = datetime.now(UTC) + timedelta(days=366)
    sweep.take_in(scene.site, lambda _: False)
    assert models.Upload.objects.get(token=arrival.token).problem_code == "signature-old"
    endless = replace(scene.settings, incoming=Incoming(max_signature_days=0))
    scene.use(endless)
    scene.accepted()


def test_the_same_version_again_and_a_lower_one_are_rejected(scene: Scene) -> None:
    scene.accepted(SourcePackage(version=SECOND))
    assert scene.take_in(SourcePackage(version=SECOND)).problem_code == "version-exists"
    assert scene.take_in().problem_code == "version-too-low"


def test_a_version_is_built_once_in_a_repository(scene: Scene) -> None:
    """Both would make files of the same names, and a pool has each name once."""
    scene.accepted()
    upload = scene.take_in(SourcePackage(distribution="trixie-test-hotfix"))
    assert upload.problem_code == "version-exists"
    assert "trixie-test-unstable" in upload.found


def test_a_signer_who_is_not_let_into_the_repository_is_told(scene: Scene) -> None:
    models.Grant.objects.all().delete()
    assert scene.take_in().problem_code == "signer-not-allowed"


@pytest.mark.parametrize(
    ("bounds", "code"),
    [
        ({"sources": "lib* hel*"}, ""),
        ({"sources": "lib* hell"}, "signer-not-allowed"),
        ({"may_add_sources": False}, "signer-not-allowed"),
        ({"role": 1}, "signer-not-allowed"),
    ],
)
def test_a_right_may_be_for_some_source_packages_only(
    scene: Scene, bounds: dict[str, object], code: str
) -> None:
    models.Grant.objects.update(**bounds)
    assert scene.take_in().problem_code == code


def test_a_right_may_be_for_one_suite_only(scene: Scene) -> None:
    models.Grant.objects.update(suite=models.Suite.objects.get(name="hotfix"))
    upload = scene.take_in()
    assert upload.problem_code == "signer-not-allowed"
    assert upload.found.endswith("all source packages, in hotfix")


def test_a_right_of_a_group_is_one_of_its_members(scene: Scene) -> None:
    group = Group.objects.create(name="packagers")
    models.Grant.objects.update(user=None, group=group)
    assert scene.take_in().problem_code == "signer-not-allowed"
    group.user_set.add(models.OpenPGPKey.objects.get().user)
    assert scene.take_in(SourcePackage(version=SECOND)).problem_code == ""


def test_a_key_that_nobody_has_approved_does_not_count(scene: Scene) -> None:
    models.OpenPGPKey.objects.update(approved_at=None)
    assert scene.take_in().problem_code == "signer-unknown"


def test_a_key_that_is_switched_off_while_the_upload_waits_counts_no_more(scene: Scene) -> None:
    upload = received(scene)
    models.OpenPGPKey.objects.update(is_active=False)
    accept(scene.site, upload)
    assert upload.problem_code == "signer-unknown"


class Crash(BaseException):
    """Stands for kill -9: nobody catches it."""


def test_after_a_crash_between_pool_and_row_accepting_again_works(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = received(scene)

    def crash(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(accept_verb, "_save", crash)
        with pytest.raises(Crash):
            accept(scene.site, upload)
    assert len(pool(scene)) == 3
    assert not models.Source.objects.exists()
    upload.refresh_from_db()
    assert accept(scene.site, upload) == ["source.accepted"]
    assert models.Source.objects.count() == 1


def test_an_upload_whose_folder_is_gone_is_rejected_and_not_tried_for_ever(scene: Scene) -> None:
    upload = received(scene)
    scene.site.spool.drop_upload(upload.token)
    assert accept(scene.site, upload) == ["upload.rejected"]
    assert upload.problem_code == "file-missing"


def test_a_dsc_that_is_larger_than_any_dsc_is_not_read(scene: Scene) -> None:
    package = SourcePackage(dsc_fields=f"X-Long: {'x' * (5 << 20)}\n")
    assert scene.take_in(package).problem_code == "changes-malformed"


def test_of_two_threads_that_accept_the_same_upload_one_wins(real: Scene) -> None:
    upload = received(real)
    happened = []

    def take() -> None:
        happened.extend(accept(real.site, models.Upload.objects.get(pk=upload.pk)))

    assert at_once(take, take, take) == []
    assert happened == ["source.accepted"]
    assert models.Source.objects.count() == 1
    assert models.Event.objects.filter(kind="source.accepted").count() == 1


def test_a_private_repository_is_unknown_to_who_may_not_upload_there(scene: Scene) -> None:
    models.Repository.objects.update(is_private=True)
    models.Grant.objects.all().delete()
    upload = received(scene)
    accept(scene.site, upload)
    upload.refresh_from_db()
    assert upload.problem_code == "distribution-unknown"
    assert upload.distribution is None
    assert "trixie-test-unstable" not in upload.expected


def private_beside(scene: Scene) -> models.Distribution:
    """A private repository called secret, with a suite, to which Pat may upload."""
    public = scene.distribution()
    repository = models.Repository.objects.get(pk=public.repository_id)
    repository.pk, repository.name, repository.is_private = None, "secret", True
    repository.save()
    models.Grant.objects.create(user=User.objects.get(), repository=repository, role=Role.UPLOADER)
    secret = models.Distribution.objects.get(pk=public.pk)
    secret.pk, secret.repository, secret.name = None, repository, "trixie-secret-unstable"
    secret.save()
    return secret


@pytest.mark.parametrize("case", ["unknown", "closed", "no right", "unsigned"])
def test_what_everybody_may_read_of_an_upload_names_no_private_repository(
    scene: Scene, case: str
) -> None:
    private_beside(scene)
    if case == "no right":
        models.Grant.objects.filter(repository__name="test").delete()
    suite = {"unknown": "nowhere", "no right": "unstable"}.get(case, "stable")
    package = SourcePackage(distribution=f"trixie-test-{suite}")
    files = package.upload(scene.packager)
    if case == "unsigned":
        models.Repository.objects.filter(name="test").update(is_open=True)
        files[f"{package.stem}_source.changes"] = package.changes().encode()
    *_, arrival = scene.send(files).values()
    sweep.take_in(scene.site, lambda _: False)
    upload = models.Upload.objects.get(token=arrival.token)
    assert upload.state == "rejected"
    with seen_by(lambda: VISITOR):
        told = find_upload(upload.pk)
    assert told is not None
    assert "secret" not in repr(told)


def test_who_may_upload_to_a_private_repository_is_told_of_its_suites(scene: Scene) -> None:
    private_beside(scene)
    upload = scene.take_in(SourcePackage(distribution="trixie-secret-unstabel"))
    assert "trixie-secret-unstable" in upload.expected
    with seen_by(lambda: VISITOR):
        assert find_upload(upload.pk) is None
