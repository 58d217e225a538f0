"""How each call of the API is made, and which act it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.utils.timezone import now

from mini_buildd.db import models
from mini_buildd.domain.permission import Act, Role
from mini_buildd.domain.states import JobState
from mini_buildd.flow import hosted
from mini_buildd.tests.permissions.stage import SSH_KEYS

UPLOADER = "ada"  # of all that is in the instance of the tests of the pages
SELF = "whoever asks"


@dataclass(frozen=True, slots=True)
class Call:
    """A request below /api/v1/; *act* is None where everybody may, of what they may see.

    *owner* is whose it is, where that counts. *places* fill in the path.
    """

    method: str
    path: str
    act: Act | None = None
    body: Any = None
    owner: str = ""
    places: Callable[[], dict[str, object]] = field(default=dict)


def _waiting() -> dict[str, object]:
    job = models.Job.objects.filter(state=JobState.WAITING).order_by("id")[0]
    return {"build": job.pk, "upload": job.source.upload_id}


def _failed() -> dict[str, object]:
    job = models.Job.objects.get(state=JobState.FAILED)
    return {"build": job.pk, "upload": job.source.upload_id}


def _token() -> dict[str, object]:
    return {"token": models.ApiToken.objects.filter(user__username=UPLOADER).order_by("id")[0].pk}


def _webhook() -> dict[str, object]:
    row = models.Delivery.objects.order_by("id")[0]
    return {"webhook": row.webhook_id, "delivery": row.pk}


def _subscription() -> dict[str, object]:
    return {"subscription": models.Subscription.objects.order_by("id")[0].pk}


def _on_webhook(method: str, path: str = "", body: Any = None) -> Call:
    """A call on the uploader's webhook."""
    where = f"webhooks/{{webhook}}{path}"
    return Call(method, where, Act.KEEP_WEBHOOK, body, UPLOADER, places=_webhook)


def set_out() -> None:
    """What some of these calls need beside what the instance of the tests of the pages has."""
    published = hosted.tree("test").root
    published.mkdir(parents=True)
    (published / "archive-key.asc").write_text("(left out)", encoding="ascii")
    eve = User.objects.create(username="eve")
    User.objects.create(username="mallory", is_active=False)
    models.OpenPGPKey.objects.create(
        user=eve, fingerprint=_WAITING_KEY, uid="Eve <eve@example.org>", armored="(left out)"
    )
    models.SshKey.objects.create(
        user=User.objects.get(username=UPLOADER), fingerprint=_SSH_FINGERPRINT, text=SSH_KEYS[1]
    )
    models.Distribution.objects.filter(suite__name="stable").update(frozen_at=now())
    models.Grant.objects.create(
        user=eve, repository=models.Repository.objects.get(name="test"), role=Role.READER
    )


def _right() -> dict[str, object]:
    return {"right": models.Grant.objects.get(user__username="eve").pk}


def _key() -> dict[str, object]:
    return {"key": models.OpenPGPKey.objects.get(user__username=UPLOADER).fingerprint}


def _chroot() -> dict[str, object]:
    return {"chroot": models.Chroot.objects.get(architecture="amd64").pk}


_WAITING_KEY = "EE" * 20
_SSH_FINGERPRINT = "SHA256:xXx"
# Of nobody: it was made for this, and its secret part thrown away.
PUBLIC_KEY = """\
-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEaweSuRYJKwYBBAHaRw8BAQdA7EgylEr1EMjFH6qw15+dWSQllkYDcVfy739y
QYjOrNa0HVRlc3RzIDx0ZXN0c0BleGFtcGxlLmludmFsaWQ+iJAEExYIADgWIQSe
qTrfbhWMfd1ak5TbUxTztbVyvAUCaweSuQIbAwULCQgHAgYVCgkICwIEFgIDAQIe
AQIXgAAKCRDbUxTztbVyvPHPAQDBlU/cUgG1gKITa+4VBYuXp7iZ/NHn/5weafzl
+4jUDAD+Mi00CCyMVULcofNztj8R2drszbt8p0zF3XN2mWBxrwk=
=1DM9
-----END PGP PUBLIC KEY BLOCK-----
"""
_UPLOADER_WISH = {"account": "newcomer", "repository": "test", "key": PUBLIC_KEY}

_BUILD, _UPLOAD = "builds/{build}", "uploads/{upload}"
_SUITE, _TESTING = "suites/trixie-test-unstable", "suites/trixie-test-testing"
_REPOSITORY = "repositories/test"
_BC = {"packages": ["bc"]}
_VERSION = "packages/hello/2.10-5~test13+1"
_FIRST = "first-steps"
_RELEASE = {"codename": "trixie", "architectures": ["amd64"], "archive_url": "http://deb.example"}
_WISH = {"name": "more", "scopes": ["read"], "days": 30}
_ASKED = {"changes_name": "no name of a .changes", "changes": "unsigned"}

CALLS: Mapping[str, Call] = {
    "choose_own_uploads": Call(
        "PUT", "subscriptions/own-uploads", Act.SUBSCRIBE, {"wants": "failures"}, SELF
    ),
    "end_subscription": Call(
        "DELETE",
        "subscriptions/{subscription}",
        Act.SUBSCRIBE,
        owner=UPLOADER,
        places=_subscription,
    ),
    "list_of_deliveries": _on_webhook("GET", "/deliveries/"),
    "list_of_subscriptions": Call("GET", "subscriptions/", Act.SUBSCRIBE, owner=SELF),
    "list_of_webhooks": Call("GET", "webhooks/", Act.KEEP_WEBHOOK, owner=SELF),
    "make_webhook": Call(
        "POST", "webhooks/", Act.KEEP_WEBHOOK, {"url": "https://chat.example/"}, SELF
    ),
    "ping_webhook": _on_webhook("POST", "/ping", {}),
    "remove_webhook": _on_webhook("DELETE"),
    "renew_webhook_secret": _on_webhook("POST", "/secret", {}),
    "replay_deliveries": _on_webhook("POST", "/replay", {"since": "2026-01-01T00:00:00Z"}),
    "replay_delivery": _on_webhook("POST", "/deliveries/{delivery}/replay", {}),
    "show_webhook": _on_webhook("GET"),
    "subscribe": Call("POST", "subscriptions/", Act.SUBSCRIBE, {"package": "tree"}, SELF),
    "switch_webhook": _on_webhook("PATCH", "", {"is_active": True}),
    "approve_one_key": Call("POST", f"keys/{_WAITING_KEY}/approve", Act.APPROVE_KEY),
    "cancel_build": Call(
        "POST", f"{_BUILD}/cancel", Act.CANCEL_BUILD, {}, UPLOADER, places=_waiting
    ),
    "cancel_builds": Call(
        "POST", f"{_UPLOAD}/cancel", Act.CANCEL_BUILD, {}, UPLOADER, places=_waiting
    ),
    "compare_with_text": Call("POST", "configuration/compare", Act.CONFIGURE, {"text": ""}),
    "import_text": Call("POST", "configuration/import", Act.CONFIGURE, {"text": ""}),
    "build_for_release": Call("POST", f"{_FIRST}/release", Act.CONFIGURE, _RELEASE),
    "make_chroots": Call("POST", f"{_FIRST}/chroots", Act.REFRESH_CHROOT),
    "make_repository": Call("POST", f"{_FIRST}/repository", Act.CONFIGURE, {"name": "more"}),
    "let_upload": Call("POST", f"{_FIRST}/uploader", Act.CONFIGURE, _UPLOADER_WISH),
    "show_first_steps": Call("GET", _FIRST, Act.CONFIGURE),
    "list_of_builders": Call("GET", "builders/"),
    "list_of_builds": Call("GET", "builds/"),
    "list_of_events": Call("GET", "events/"),
    "find_lines": Call("GET", f"{_BUILD}/log/lines?find=error", places=_failed),
    "list_of_build_days": Call("GET", "build-days/"),
    "list_of_queue_samples": Call("GET", "queue-samples/"),
    "list_of_packages": Call("GET", "packages/"),
    "list_of_repositories": Call("GET", "repositories/"),
    "list_of_tokens": Call("GET", "tokens/", Act.MAKE_TOKEN, owner=SELF),
    "list_of_upload_events": Call("GET", f"{_UPLOAD}/events/", places=_waiting),
    "list_of_uploads": Call("GET", "uploads/"),
    "list_queue": Call("GET", "queue/"),
    "list_suite_packages": Call("GET", f"{_SUITE}/packages/"),
    "list_suite_versions": Call("GET", f"{_SUITE}/versions/"),
    "make_one": Call("POST", "tokens/", Act.MAKE_TOKEN, _WISH, SELF),
    "precheck_upload": Call("POST", "uploads/precheck", body=_ASKED),
    "read_changelog": Call("GET", f"{_VERSION}/changelog"),
    "read_copyright_file": Call("GET", f"{_VERSION}/copyright"),
    "read_log": Call("GET", f"{_BUILD}/log", places=_failed),
    "retry_build": Call("POST", f"{_BUILD}/retry", Act.RETRY_BUILD, {}, UPLOADER, places=_failed),
    "retry_builds": Call("POST", f"{_UPLOAD}/retry", Act.RETRY_BUILD, {}, UPLOADER, places=_failed),
    "revoke_one": Call("DELETE", "tokens/{token}", Act.MAKE_TOKEN, owner=UPLOADER, places=_token),
    "stream_events": Call("GET", "events/stream"),
    "run_step": Call("POST", "schedule/tidy/run", Act.RUN_STEP),
    "search_everything": Call("GET", "search?query=hello"),
    "show_build": Call("GET", _BUILD, places=_failed),
    "show_built_with": Call("GET", f"{_BUILD}/packages", places=_failed),
    "show_configuration": Call("GET", "configuration", Act.CONFIGURE),
    "show_dput": Call("GET", "dput"),
    "show_schedule": Call("GET", "schedule/"),
    "show_me": Call("GET", "me"),
    "show_package": Call("GET", "packages/hello"),
    "show_package_version": Call("GET", _VERSION),
    "show_repository": Call("GET", "repositories/test"),
    "show_status": Call("GET", "status"),
    "show_suite": Call("GET", _SUITE),
    "show_suite_growth": Call("GET", f"{_SUITE}/growth"),
    "show_upload": Call("GET", _UPLOAD, places=_waiting),
    "compare_versions": Call("GET", f"{_SUITE}/diff"),
    "copy_packages": Call(
        "POST", f"{_SUITE}/copy", Act.COPY, {**_BC, "to": "trixie-test-experimental"}
    ),
    "drop_snapshot": Call(
        "DELETE", f"{_REPOSITORY}/snapshots/before-the-upgrade", Act.TAKE_SNAPSHOT
    ),
    "freeze_suite": Call("POST", f"{_SUITE}/freeze", Act.FREEZE, {"reason": "tests"}),
    "give_key": Call("POST", "me/keys/", Act.ADD_KEY, {"key": PUBLIC_KEY}, SELF),
    "give_one_right": Call(
        "POST", f"{_REPOSITORY}/rights/", Act.GIVE_RIGHTS, {"account": "eve", "role": "uploader"}
    ),
    "give_ssh_key": Call("POST", "me/ssh-keys/", Act.ADD_KEY, {"key": SSH_KEYS[0]}, SELF),
    "list_all_keys": Call("GET", "keys/", Act.APPROVE_KEY),
    "list_of_accounts": Call("GET", "accounts/", Act.CONFIGURE),
    "switch_account_off": Call("POST", "accounts/eve/off", Act.SWITCH_ACCOUNT, {"reason": "left"}),
    "switch_account_on": Call("POST", "accounts/mallory/on", Act.SWITCH_ACCOUNT),
    "list_of_audit": Call("GET", "audit/", Act.SEE_AUDIT),
    "list_of_chroots": Call("GET", "chroots/"),
    "list_of_rights": Call("GET", f"{_REPOSITORY}/rights/", Act.GIVE_RIGHTS),
    "list_of_snapshots": Call("GET", f"{_REPOSITORY}/snapshots/"),
    "list_of_suites": Call("GET", "suites/"),
    "list_own_keys": Call("GET", "me/keys/"),
    "list_own_ssh_keys": Call("GET", "me/ssh-keys/"),
    "migrate_packages": Call("POST", f"{_SUITE}/migrate", Act.MIGRATE, _BC),
    "read_sources": Call("GET", f"{_SUITE}/sources"),
    "rebuild_packages": Call("POST", f"{_SUITE}/rebuild", Act.REBUILD, {**_BC, "reason": "tests"}),
    "refresh_chroot": Call("POST", "chroots/{chroot}/refresh", Act.REFRESH_CHROOT, places=_chroot),
    "refuse_one_key": Call(
        "POST", f"keys/{_WAITING_KEY}/refuse", Act.APPROVE_KEY, {"reason": "tests"}
    ),
    "remove_own_key": Call("DELETE", "me/keys/{key}", Act.ADD_KEY, owner=UPLOADER, places=_key),
    "remove_own_ssh_key": Call(
        "POST",
        "me/ssh-keys/remove",
        Act.ADD_KEY,
        {"fingerprint": _SSH_FINGERPRINT},
        UPLOADER,
    ),
    "remove_packages": Call("POST", f"{_SUITE}/remove", Act.REMOVE, _BC),
    "roll_back": Call("POST", f"{_TESTING}/rollback", Act.ROLL_BACK, {"number": 3}),
    "set_builder_aside": Call("POST", "builders/north/aside", Act.SET_ASIDE, {"reason": "tests"}),
    "show_suite_version": Call("GET", f"{_TESTING}/versions/3"),
    "take_builder_back": Call("POST", "builders/south/return", Act.SET_ASIDE),
    "take_snapshot": Call(
        "POST", f"{_REPOSITORY}/snapshots/", Act.TAKE_SNAPSHOT, {"name": "tests"}
    ),
    "withdraw_one_right": Call(
        "DELETE", f"{_REPOSITORY}/rights/{{right}}", Act.GIVE_RIGHTS, places=_right
    ),
    "thaw_suite": Call("POST", "suites/trixie-test-stable/thaw", Act.FREEZE),
}

# Calls that the server of uploads answers; everybody may upload, and the signature counts.
BY_THE_DOOR = {
    "ask_about_transfer",
    "ask_about_transfers",
    "begin_transfer",
    "bring_files",
    "drop_transfer",
    "go_on_with_transfer",
}
