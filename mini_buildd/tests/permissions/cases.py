"""How each verb is called, with what it needs at the least, and which act it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from mini_buildd.db.models import Chroot, Delivery, OpenPGPKey, Subscription, Webhook
from mini_buildd.deb.names import Architecture, ArchivePath, Codename, Fingerprint
from mini_buildd.domain.distribution import RepositoryName
from mini_buildd.domain.permission import Act, Actor, Role, Scope
from mini_buildd.domain.problem import (
    ImportImpossible,
    KeyUnknown,
    NothingToDo,
    Problem,
    SubscriptionUnknown,
    TokenUnknown,
    WebhookUnknown,
)
from mini_buildd.domain.snapshot import SnapshotName
from mini_buildd.domain.subscription import SubscriptionWish, Wants
from mini_buildd.domain.token import TokenWish
from mini_buildd.domain.webhook import WebhookWish
from mini_buildd.flow import (
    add_account,
    approve_key,
    backup,
    binnmu,
    cancel,
    configuration,
    copy,
    first_steps,
    freeze,
    import_archive,
    keys,
    look_now,
    migrate,
    precheck,
    refresh,
    remove,
    remove_key,
    retry,
    rights,
    rollback,
    set_aside,
    setup,
    snapshot,
    ssh_key,
    submit_key,
    subscribe,
    switch_account,
    take,
    token,
    webhook,
)
from mini_buildd.tests.permissions.stage import OWNER, SSH_KEYS, Stage, upload_of

Call = Callable[[Stage, Actor], Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A verb's *call* and its *act*; None where everybody may, and *why*.

    *owner* is whose it is, where that counts. Before it is called, *before* is done. *faults* are
    what it may meet with once it was allowed, and *refusals* by what else than NotAllowed those are
    told who may not.
    """

    act: Act | None
    call: Call
    owner: str = ""
    repository: str = "test"
    before: Callable[[Stage], object] | None = None
    faults: tuple[type[Problem], ...] = ()
    refusals: tuple[type[Problem], ...] = ()
    why: str = ""


ROOT = Actor("root", is_admin=True)


def _freeze(stage: Stage) -> None:
    freeze.freeze(stage.scene.site, ROOT, stage.suite, "")


def _remove(stage: Stage) -> None:
    remove.remove(stage.scene.site, ROOT, stage.suite, ["hello"], force=True)


def _submit(stage: Stage) -> None:
    submit_key.submit_key(stage.scene.site, Actor(OWNER), OWNER, stage.new_key)


def _have_webhook(stage: Stage) -> None:
    made = webhook.make_webhook(stage.scene.site, ROOT, OWNER, WebhookWish("http://x.example/"))
    webhook.ping(stage.scene.site, ROOT, made.row.id)


def _subscribe(stage: Stage) -> None:
    subscribe.subscribe(stage.scene.site, ROOT, OWNER, SubscriptionWish("hello"))


def _own_webhook(call: Callable[[Stage, Actor, int], Any]) -> Case:
    """A verb on the one that Pat has."""
    return Case(
        Act.KEEP_WEBHOOK,
        lambda stage, actor: call(stage, actor, Webhook.objects.get().pk),
        owner=OWNER,
        repository="",
        before=_have_webhook,
        refusals=(WebhookUnknown,),
    )


def _waiting_key() -> str:
    return OpenPGPKey.objects.get(approved_at=None).fingerprint


def _import(stage: Stage) -> import_archive.ArchiveImport:
    """Of a folder in which there is nothing."""
    return import_archive.ArchiveImport(
        stage.scene.home / "nowhere", {ArchivePath("stable"): stage.suite}, keyring=None
    )


CASES: Mapping[str, Case] = {
    "add_account.add_account": Case(
        Act.CONFIGURE,
        lambda stage, actor: add_account.add_account(stage.scene.site, actor, "newcomer"),
        repository="",
    ),
    "approve_key.approve_key": Case(
        Act.APPROVE_KEY,
        lambda stage, actor: approve_key.approve_key(stage.scene.site, actor, _waiting_key()),
        before=_submit,
        repository="",
    ),
    "approve_key.refuse_key": Case(
        Act.APPROVE_KEY,
        lambda stage, actor: approve_key.refuse_key(
            stage.scene.site, actor, stage.fingerprint, "gone"
        ),
        repository="",
    ),
    "backup.backup": Case(
        Act.CONFIGURE,
        lambda stage, actor: backup.backup(
            stage.scene.site, stage.throwaway.home.parent / "saved", actor
        ),
        repository="",
    ),
    "binnmu.binnmu": Case(
        Act.REBUILD,
        lambda stage, actor: binnmu.binnmu(
            stage.scene.site, actor, binnmu.Rebuild(stage.suite, ["hello"], "anew")
        ),
    ),
    "cancel.cancel": Case(
        Act.CANCEL_BUILD,
        lambda stage, actor: cancel.cancel(stage.scene.site, actor, stage.waiting.pk),
        owner=OWNER,
    ),
    "cancel.cancel_upload": Case(
        Act.CANCEL_BUILD,
        lambda stage, actor: cancel.cancel_upload(
            stage.scene.site, actor, upload_of(stage.waiting)
        ),
        owner=OWNER,
    ),
    "copy.copy": Case(
        Act.COPY,
        lambda stage, actor: copy.copy(
            stage.scene.site,
            actor,
            copy.Copying(stage.suite, ["hello"], stage.scene.distribution("experimental")),
            dry_run=True,
            force=True,
        ),
    ),
    "first_steps.add_release": Case(
        Act.CONFIGURE,
        lambda stage, actor: first_steps.add_release(
            stage.scene.site, actor, Codename("trixie"), (Architecture("riscv64"),), "http://x"
        ),
        repository="",
    ),
    "first_steps.add_repository": Case(
        Act.CONFIGURE,
        lambda stage, actor: first_steps.add_repository(
            stage.scene.site, actor, RepositoryName("more")
        ),
        repository="",
    ),
    "first_steps.add_uploader": Case(
        Act.CONFIGURE,
        lambda stage, actor: first_steps.add_uploader(
            stage.scene.site, actor, stage.scene.pat(), RepositoryName("test")
        ),
        repository="",
    ),
    "freeze.freeze": Case(
        Act.FREEZE,
        lambda stage, actor: freeze.freeze(stage.scene.site, actor, stage.suite, "release"),
    ),
    "freeze.thaw": Case(
        Act.FREEZE,
        lambda stage, actor: freeze.thaw(stage.scene.site, actor, stage.suite),
        before=_freeze,
    ),
    "import_archive.import_archive": Case(
        Act.TAKE_READY_MADE,
        lambda stage, actor: import_archive.import_archive(
            stage.scene.site, actor, _import(stage), dry_run=True
        ),
        faults=(ImportImpossible,),
    ),
    "configuration.compare_configuration": Case(
        Act.CONFIGURE,
        lambda _, actor: configuration.compare_configuration("", actor),
        repository="",
    ),
    "configuration.export_configuration": Case(
        Act.CONFIGURE,
        lambda _, actor: configuration.export_configuration(actor),
        repository="",
    ),
    "configuration.import_configuration": Case(
        Act.CONFIGURE,
        lambda stage, actor: configuration.import_configuration(
            stage.scene.site.places, "", actor, clock=stage.scene.clock, dry_run=True
        ),
        repository="",
    ),
    "keys.retire": Case(
        Act.CONFIGURE,
        lambda stage, actor: keys.retire(
            stage.throwaway,
            Fingerprint("A" * 40),
            clock=stage.scene.clock,
            by=actor,
        ),
        faults=(KeyUnknown,),
        repository="",
    ),
    "keys.rotate": Case(
        Act.CONFIGURE,
        lambda stage, actor: keys.rotate(
            stage.throwaway, "example", clock=stage.scene.clock, by=actor
        ),
        repository="",
    ),
    "look_now.look_now": Case(
        Act.RUN_STEP,
        lambda stage, actor: look_now.look_now(stage.scene.site, actor, "tidy"),
        faults=(NothingToDo,),
    ),
    "migrate.migrate": Case(
        Act.MIGRATE,
        lambda stage, actor: migrate.migrate(
            stage.scene.site,
            actor,
            migrate.Migration(stage.suite, ["hello"]),
            dry_run=True,
            force=True,
        ),
    ),
    "precheck.precheck": Case(
        None,
        lambda stage, actor: precheck.precheck(
            stage.scene.site, actor, "hello_1.0_source.changes", b"unsigned"
        ),
        why="Everybody may upload, and is told what becomes of it: what counts is the signature.",
    ),
    "refresh.ask_refresh": Case(
        Act.REFRESH_CHROOT,
        lambda stage, actor: refresh.ask_refresh(stage.scene.site, actor, Chroot.objects.all()[0]),
    ),
    "refresh.ask_missing": Case(
        Act.REFRESH_CHROOT,
        lambda stage, actor: refresh.ask_missing(stage.scene.site, actor),
    ),
    "remove.remove": Case(
        Act.REMOVE,
        lambda stage, actor: remove.remove(
            stage.scene.site, actor, stage.suite, ["hello"], dry_run=True, force=True
        ),
    ),
    "remove_key.remove_key": Case(
        Act.ADD_KEY,
        lambda stage, actor: remove_key.remove_key(stage.scene.site, actor, stage.fingerprint),
        owner=OWNER,
        repository="",
    ),
    "retry.retry": Case(
        Act.RETRY_BUILD,
        lambda stage, actor: retry.retry(stage.scene.site, actor, stage.failed.pk),
        owner=OWNER,
    ),
    "retry.retry_upload": Case(
        Act.RETRY_BUILD,
        lambda stage, actor: retry.retry_upload(stage.scene.site, actor, upload_of(stage.failed)),
        owner=OWNER,
    ),
    "rights.give_right": Case(
        Act.GIVE_RIGHTS,
        lambda stage, actor: rights.give_right(
            stage.scene.site,
            actor,
            rights.Whom(account="eve"),
            rights.Right("test", Role.UPLOADER),
        ),
    ),
    "rights.withdraw_right": Case(
        Act.GIVE_RIGHTS,
        lambda stage, actor: rights.withdraw_right(stage.scene.site, actor, "test", stage.right),
    ),
    "rollback.rollback": Case(
        Act.ROLL_BACK,
        lambda stage, actor: rollback.rollback(
            stage.scene.site, actor, stage.suite, 1, dry_run=True
        ),
        before=_remove,
    ),
    "set_aside.set_aside": Case(
        Act.SET_ASIDE,
        lambda stage, actor: set_aside.set_aside(stage.scene.site, actor, "there", "broken"),
    ),
    "set_aside.take_back": Case(
        Act.SET_ASIDE,
        lambda stage, actor: set_aside.take_back(stage.scene.site, actor, "here"),
    ),
    "setup.setup": Case(
        Act.CONFIGURE,
        lambda stage, actor: setup.setup(
            stage.scene.site.places,
            stage.scene.wish("amd64", "i386"),
            today=date(2026, 11, 20),
            dry_run=True,
            by=actor,
        ),
        repository="",
    ),
    "snapshot.take": Case(
        Act.TAKE_SNAPSHOT,
        lambda stage, actor: snapshot.take(
            stage.scene.site, actor, stage.suite.repository, SnapshotName("another")
        ),
    ),
    "snapshot.drop": Case(
        Act.TAKE_SNAPSHOT,
        lambda stage, actor: snapshot.drop(
            stage.scene.site, actor, stage.suite.repository, "named"
        ),
    ),
    "ssh_key.add_ssh_key": Case(
        Act.ADD_KEY,
        lambda stage, actor: ssh_key.add_ssh_key(stage.scene.site, actor, OWNER, SSH_KEYS[1]),
        owner=OWNER,
        repository="",
    ),
    "ssh_key.remove_ssh_key": Case(
        Act.ADD_KEY,
        lambda stage, actor: ssh_key.remove_ssh_key(stage.scene.site, actor, stage.ssh_fingerprint),
        owner=OWNER,
        repository="",
    ),
    "submit_key.submit_key": Case(
        Act.ADD_KEY,
        lambda stage, actor: submit_key.submit_key(stage.scene.site, actor, OWNER, stage.new_key),
        owner=OWNER,
        repository="",
    ),
    "take.take_ready_made": Case(
        Act.TAKE_READY_MADE,
        lambda stage, actor: take.take_ready_made(
            stage.scene.site, actor, stage.suite, [stage.deb], "vendor", dry_run=True
        ),
    ),
    "token.make_token": Case(
        Act.MAKE_TOKEN,
        lambda stage, actor: token.make_token(
            stage.scene.site, actor, OWNER, TokenWish("more", frozenset({Scope.READ}))
        ),
        owner=OWNER,
        repository="",
    ),
    "token.revoke_token": Case(
        Act.MAKE_TOKEN,
        lambda stage, actor: token.revoke_token(stage.scene.site, actor, stage.token),
        owner=OWNER,
        repository="",
        refusals=(TokenUnknown,),
    ),
    "switch_account.switch_account": Case(
        Act.SWITCH_ACCOUNT,
        lambda stage, actor: switch_account.switch_account(
            stage.scene.site, actor, OWNER, is_on=False
        ),
        repository="",
    ),
    "subscribe.subscribe": Case(
        Act.SUBSCRIBE,
        lambda stage, actor: subscribe.subscribe(
            stage.scene.site, actor, OWNER, SubscriptionWish("hello")
        ),
        owner=OWNER,
        repository="",
    ),
    "subscribe.end_subscription": Case(
        Act.SUBSCRIBE,
        lambda stage, actor: subscribe.end_subscription(
            stage.scene.site, actor, Subscription.objects.get().pk
        ),
        owner=OWNER,
        repository="",
        before=_subscribe,
        refusals=(SubscriptionUnknown,),
    ),
    "subscribe.wish_for_own": Case(
        Act.SUBSCRIBE,
        lambda stage, actor: subscribe.wish_for_own(stage.scene.site, actor, OWNER, Wants.FAILURES),
        owner=OWNER,
        repository="",
    ),
    "webhook.make_webhook": Case(
        Act.KEEP_WEBHOOK,
        lambda stage, actor: webhook.make_webhook(
            stage.scene.site, actor, OWNER, WebhookWish("http://x.example/")
        ),
        owner=OWNER,
        repository="",
    ),
    "webhook.switch_webhook": _own_webhook(
        lambda stage, actor, number: webhook.switch_webhook(
            stage.scene.site, actor, number, is_on=False
        )
    ),
    "webhook.renew_secret": _own_webhook(
        lambda stage, actor, number: webhook.renew_secret(stage.scene.site, actor, number)
    ),
    "webhook.remove_webhook": _own_webhook(
        lambda stage, actor, number: webhook.remove_webhook(stage.scene.site, actor, number)
    ),
    "webhook.ping": _own_webhook(
        lambda stage, actor, number: webhook.ping(stage.scene.site, actor, number)
    ),
    "webhook.replay": _own_webhook(
        lambda stage, actor, number: webhook.replay(
            stage.scene.site, actor, number, Delivery.objects.get().pk
        )
    ),
    "webhook.replay_since": _own_webhook(
        lambda stage, actor, number: webhook.replay_since(
            stage.scene.site, actor, number, stage.scene.clock()
        )
    ),
}
