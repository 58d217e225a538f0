"""The keys on the page "me": OpenPGP keys that sign uploads, and SSH keys for SFTP."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import now
from django.utils.translation import gettext, gettext_lazy

from mini_buildd.db.queries.uploader_keys import list_keys, list_ssh_keys
from mini_buildd.domain.event import EventKind
from mini_buildd.flow.hosted import site
from mini_buildd.flow.remove_key import remove_key
from mini_buildd.flow.ssh_key import add_ssh_key, remove_ssh_key
from mini_buildd.flow.submit_key import submit_key
from mini_buildd.web.administrators import actor_of, for_people

_SAID = {
    EventKind.UPLOADER_KEY_SUBMITTED: gettext_lazy(
        "The key waits for an administrator's approval."
    ),
    EventKind.UPLOADER_KEY_APPROVED: gettext_lazy("The key is approved: what it signs is taken."),
    EventKind.UPLOADER_KEY_UPDATED: gettext_lazy("The key is up to date."),
    EventKind.UPLOADER_KEY_REVOKED: gettext_lazy(
        "The key is revoked: nothing that it signs is taken any more."
    ),
}


def keys_of(account: str) -> dict[str, Any]:
    """What the part of the page shows."""
    return {"keys": list_keys(now(), account), "ssh_keys": list_ssh_keys(account)}


@login_required
@for_people
def submit(request: HttpRequest) -> HttpResponse:
    """A key of one's own, or a later export of it."""
    text = request.POST.get("key", "")
    events = submit_key(site(), actor_of(request), request.user.get_username(), text)
    messages.success(request, _SAID[events[-1]] if events else gettext("The key is there already."))
    return _back()


@login_required
@for_people
def remove(request: HttpRequest, fingerprint: str) -> HttpResponse:
    """Forget a key of one's own."""
    remove_key(site(), actor_of(request), fingerprint)
    messages.success(
        request,
        gettext("The key %(fingerprint)s is removed.") % {"fingerprint": fingerprint[-16:]},
    )
    return _back()


@login_required
@for_people
def add_ssh(request: HttpRequest) -> HttpResponse:
    """An SSH key of one's own."""
    text = request.POST.get("key", "")
    added = add_ssh_key(site(), actor_of(request), request.user.get_username(), text)
    messages.success(
        request, gettext("You can sign in to the SFTP server by %(added)s.") % {"added": added}
    )
    return _back()


@login_required
@for_people
def remove_ssh(request: HttpRequest) -> HttpResponse:
    """Forget an SSH key of one's own, which the form names: fingerprints have slashes."""
    remove_ssh_key(site(), actor_of(request), request.POST.get("fingerprint", ""))
    messages.success(request, gettext("Nobody signs in by that key any more."))
    return _back()


def _back() -> HttpResponse:
    return redirect("me")
