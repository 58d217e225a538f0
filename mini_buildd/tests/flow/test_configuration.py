"""The whole configuration in a file: written, compared, brought about."""

from collections.abc import Sequence

import pytest
from django.contrib.auth.models import Group, User

from mini_buildd.db import models
from mini_buildd.db.events import record
from mini_buildd.domain.configuration import ConfigChange, Fate
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.permission import Actor, Role
from mini_buildd.domain.problem import (
    ConfigurationImpossible,
    ConfigurationMalformed,
    NotAllowed,
)
from mini_buildd.domain.subscription import SubscriptionWish, Wants
from mini_buildd.domain.webhook import Filter, WebhookWish
from mini_buildd.flow.configuration import (
    compare_configuration,
    export_configuration,
    import_configuration,
)
from mini_buildd.flow.subscribe import subscribe, wish_for_own
from mini_buildd.flow.webhook import make_webhook
from mini_buildd.tests.flow.scene import Scene

ADMIN = Actor("root", is_admin=True)
SSH = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKtd0CnPdRzcl9XOG9wZ7dR3Kr6MKX0Qm6Zlbd1s2o0M"


def bring(scene: Scene, text: str, **options: bool) -> Sequence[ConfigChange]:
    """Import *text*."""
    given = {"dry_run": False, **options}
    return import_configuration(scene.site.places, text, ADMIN, clock=scene.clock, **given)


@pytest.fixture
def rich(scene: Scene) -> Scene:
    """An instance with something of everything."""
    group = Group.objects.create(name="team")
    ada = User.objects.create_user("ada", "ada@example.test", "very secret", is_staff=True)
    ada.groups.add(group)
    suite = models.Suite.objects.get(name="unstable")
    suite.build_setup = 'echo "\\"\n# two lines\t'
    suite.save()
    repository = models.Repository.objects.get()
    models.Grant.objects.create(
        group=group, repository=repository, role=Role.UPLOADER, suite=suite, sources="hello lib*"
    )
    keyring = models.TrustedKeyring.objects.create(name="debian", path="/usr/share/keyrings/x.gpg")
    models.Grant.objects.create(
        keyring=keyring, repository=repository, role=Role.UPLOADER, may_add_sources=False
    )
    models.BuildNeeds.objects.create(source="libreoffice", memory_mb=9000, tags="big")
    models.Builder.objects.create(name="north-2", is_enabled=False)
    token = models.ApiToken(user=ada, name="ci", digest="d" * 64, hint="mbd_xxxx", scopes="read")
    token.made_at = scene.clock()
    token.save()
    wanted = Filter(frozenset({EventKind.SUITE_PUBLISHED}), package="lib*")
    wish = WebhookWish("https://chat.example.test/in", "chat", wanted)
    make_webhook(scene.site, ADMIN, "ada", wish)
    subscribe(scene.site, ADMIN, "ada", SubscriptionWish("hello", wants=Wants.FAILURES))
    wish_for_own(scene.site, ADMIN, "ada", Wants.NOTHING)
    return scene


def empty() -> None:
    """Remove all that an import makes."""
    for model in (
        *(models.Grant, models.DistributionArchitecture, models.Distribution, models.Chroot),
        *(models.Repository, models.Suite, models.Layout, models.AptSource, models.Base),
        *(models.OpenPGPKey, models.SshKey, models.ApiToken, models.Webhook),
        *(models.Subscription, models.OwnUploads, User, Group),
        *(models.TrustedKeyring, models.BuildNeeds, models.Builder),
    ):
        if model is models.Suite:
            models.Suite.objects.update(migrates_to=None)
        model._default_manager.all().delete()


def test_an_empty_instance_becomes_what_the_file_says(rich: Scene) -> None:
    text = export_configuration(ADMIN)
    secret = models.Webhook.objects.get().secret
    empty()
    made = bring(rich, text)
    assert {each.fate for each in made} == {Fate.NEW}
    assert export_configuration(ADMIN) == text
    assert compare_configuration(text, ADMIN) == []
    pat = models.OpenPGPKey.objects.get()
    assert (pat.user.username, pat.approved_by) == ("pat", "root")
    ada = User.objects.get(username="ada")
    assert not ada.has_usable_password()
    assert [group.name for group in ada.groups.all()] == ["team"]
    hook = models.Webhook.objects.get()
    assert (hook.user, hook.is_active, hook.secret[:6]) == (ada, True, "whsec_")
    assert hook.secret != secret
    models.Chroot.objects.update(made_at=rich.clock())
    assert rich.accepted().state == "building"  # who may upload may again


def test_what_is_there_already_is_not_touched(rich: Scene) -> None:
    text = export_configuration(ADMIN)
    entries = models.AuditEntry.objects.count()
    assert bring(rich, text) == []
    assert bring(rich, text, prunes=True) == []
    assert models.AuditEntry.objects.count() == entries
    assert User.objects.get(username="ada").check_password("very secret")


@pytest.mark.usefixtures("rich")
def test_no_secret_is_in_it() -> None:
    text = export_configuration(ADMIN)
    assert User.objects.get(username="ada").password not in text
    assert "mbd_xxxx" not in text
    assert "d" * 64 not in text
    assert "last_login" not in text
    assert models.Webhook.objects.get().secret not in text


def test_it_says_what_each_value_means_once(rich: Scene) -> None:
    del rich
    text = export_configuration(ADMIN)
    assert text.count("# Rights to repositories") == 1
    assert text.count("# What the version of an upload must look like.") == 1
    assert "kept_days" not in text  # it is at its default


def test_a_change_in_the_file_is_made_and_noted(rich: Scene) -> None:
    text = export_configuration(ADMIN).replace("memory_mb = 9000", "memory_mb = 4000")
    change = compare_configuration(text, ADMIN)[0]
    assert list(change.lines()) == ["~ build_needs libreoffice", "    memory_mb: 9000 → 4000"]
    assert bring(rich, text, dry_run=True) == [change]
    assert models.BuildNeeds.objects.get().memory_mb == 9000
    assert bring(rich, text) == [change]
    assert models.BuildNeeds.objects.get().memory_mb == 4000
    entry = models.AuditEntry.objects.first()
    assert entry is not None
    assert (entry.who, entry.kind, entry.name) == ("root", "build needs", "libreoffice")
    assert (entry.before, entry.after) == ({"memory_mb": 9000}, {"memory_mb": 4000})


def test_what_is_not_in_the_file_stays_unless_it_is_to_go(rich: Scene) -> None:
    text = export_configuration(ADMIN)
    models.Builder.objects.create(name="south")
    (gone,) = compare_configuration(text, ADMIN)
    assert list(gone.lines()) == ["- builder south"]
    assert bring(rich, text) == []
    assert models.Builder.objects.count() == 2
    assert bring(rich, text, prunes=True) == [gone]
    assert models.Builder.objects.count() == 1


def test_what_is_in_use_cannot_go_and_then_nothing_is_changed(rich: Scene) -> None:
    rich.accepted()
    text = export_configuration(ADMIN)
    before, cut, _ = text.partition("[distribution.trixie-test-unstable]")
    after = text.partition("[distribution.trixie-test-unstable")[2]
    assert cut
    rest = after.partition("\n[build_needs")[2]
    with pytest.raises(ConfigurationImpossible) as caught:
        bring(rich, f"{before}\n[build_needs{rest}".replace("9000", "1"), prunes=True)
    assert "in use" in caught.value.found
    assert models.BuildNeeds.objects.get().memory_mb == 9000


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[repositry.x]", "repositry: unknown; known are"),
        ('[repository.x]\nlayuot = "y"', "repository.x: layuot: unknown; known are"),
        ('[repository.x]\nis_open = "yes"', "repository.x: is_open: expected true or false"),
        ("[layout.x.suite.y]\nkept_versions = true", "expected a whole number, found True"),
        ("repository = 5", "expected tables [repository.NAME]"),
        ("right = 5", "expected tables [[right]]"),
        ("[repository.x", "table declaration"),
        ('[account.x]\npassword = "y"', "password: unknown"),
    ],
)
def test_what_nobody_knows_is_refused_by_its_name(scene: Scene, text: str, found: str) -> None:
    with pytest.raises(ConfigurationMalformed) as caught:
        bring(scene, text)
    assert found in caught.value.found


def test_all_that_is_wrong_is_told_at_once(scene: Scene) -> None:
    with pytest.raises(ConfigurationMalformed) as caught:
        bring(scene, "a = 1\n[b.c]\n[repository.x]\nd = 1\ne = 2")
    assert [word in caught.value.found for word in ("a:", "b:", "d:", "e:")] == [True] * 4


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('[repository.x]\nlayout = "nowhere"', "layout: nowhere"),
        ("[layout.x.suite.y]", "version_rule"),
        ('[layout.x.suite.y]\nversion_rule = "odd"', "version_rule"),
        ('[layout.x.suite.y]\nversion_rule = "any"\nkept_versions = 0', "kept_versions"),
        ('[chroot."nowhere amd64 unshare"]', "base release: nowhere"),
        (
            (
                '[base.sid]\nversion_code = "~SID"\n[distribution.wrong]\n'
                'repository = "test"\nbase = "sid"\nsuite = "unstable"'
            ),
            "called",
        ),
        ('[account.x.key.ABCD]\narmored = "no key"', ""),
        (f'[account.x.ssh_key."SHA256:x"]\ntext = "{SSH}"', "the key SHA256:"),
        ('[[right]]\nrepository = "test"\nrole = "uploader"', ""),
        ('[[right]]\nrepository = "test"\nrole = "king"\naccount = "pat"', "role: king"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_made(scene: Scene, text: str, found: str) -> None:
    before = export_configuration(ADMIN)
    with pytest.raises(ConfigurationImpossible) as caught:
        bring(scene, f'[group.made-first]\n[account.x]\nemail = "x@example.test"\n{text}')
    assert found in caught.value.found
    assert export_configuration(ADMIN) == before


def test_what_is_built_once_moves_from_one_architecture_to_another(scene: Scene) -> None:
    scene.set_up("amd64", "arm64")
    text = export_configuration(ADMIN)
    head = "[distribution.trixie-test-unstable.architecture."
    given = text.partition(f"{head}amd64]\n")[2].partition("\n\n")[0]
    assert "builds_all = true" in given
    swapped = text.replace(f"{head}amd64]\n{given}", f"{head}amd64]")
    swapped = swapped.replace(f"{head}arm64]", f"{head}arm64]\nbuilds_all = true")
    assert len(bring(scene, swapped)) == 2
    rows = models.DistributionArchitecture.objects.filter(builds_all=True)
    moved = rows.get(distribution__name="trixie-test-unstable")
    assert moved.architecture == "arm64"


def test_only_administrators_may(scene: Scene) -> None:
    nobody = Actor("pat")
    for call in (
        lambda: export_configuration(nobody),
        lambda: compare_configuration("", nobody),
        lambda: import_configuration(
            scene.site.places, "", nobody, clock=scene.clock, dry_run=False
        ),
    ):
        with pytest.raises(NotAllowed):
            call()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"https://chat.example.test/in"', '"file:///etc/passwd"'),
        ('"https://chat.example.test/in"', '"http://127.0.0.1:25/"'),
        ('"suite.published"', '"no.such.kind"'),
        ('wants = "failures"', 'wants = "now and then"'),
        ('own_uploads = "nothing"', 'own_uploads = "some"'),
    ],
)
def test_webhooks_and_subscriptions_that_could_not_be_are_refused(
    rich: Scene, old: str, new: str
) -> None:
    text = export_configuration(ADMIN)
    assert old in text
    with pytest.raises(ConfigurationImpossible):
        bring(rich, text.replace(old, new))
    assert export_configuration(ADMIN) == text


def test_a_webhook_that_is_switched_on_by_a_file_keeps_its_secret(rich: Scene) -> None:
    text = export_configuration(ADMIN)
    secret = models.Webhook.objects.get().secret
    models.Webhook.objects.update(is_active=False, stopped_reason="it took nothing", failures=9)
    record(EventKind.BUILDER_RETURNED, rich.clock(), detail="north-2")
    bring(rich, text)
    hook = models.Webhook.objects.get()
    assert (hook.is_active, hook.failures, hook.stopped_reason) == (True, 0, "")
    assert (hook.secret, hook.after_event) == (secret, models.Event.objects.get().pk)


@pytest.mark.parametrize("text", ["x = " + "[" * 100_000, "x = " + "9" * 5000])
def test_what_the_reader_of_toml_chokes_on_is_malformed_as_well(rich: Scene, text: str) -> None:
    with pytest.raises(ConfigurationMalformed):
        bring(rich, text)
