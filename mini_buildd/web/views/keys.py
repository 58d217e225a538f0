"""The keys that wait for an administrator, and the words by which they are approved or refused."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from mini_buildd.db.queries.people import find_account
from mini_buildd.db.queries.uploader_keys import KeyRow, list_keys, waiting_keys
from mini_buildd.domain.permission import Act, Role, demand
from mini_buildd.domain.problem import NotAllowed, UploaderKeyUnknown
from mini_buildd.flow.approve_key import approve_key, refuse_key
from mini_buildd.flow.hosted import site
from mini_buildd.web.administrators import actor_of, for_those_who_may, refused
from mini_buildd.web.views.changes import Wish, answer, at_once


@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Those that wait first, then all others."""
    try:
        demand(actor_of(request), Act.APPROVE_KEY)
    except NotAllowed as problem:
        return refused(request, problem, 403)
    waiting = waiting_keys(now())
    prints = {row.fingerprint for row in waiting}
    others = [row for row in list_keys(now()) if row.fingerprint not in prints]
    return render(request, "mini_buildd/keys.html", {"waiting": waiting, "others": others})


@for_those_who_may(Act.APPROVE_KEY)
def approve(request: HttpRequest, fingerprint: str) -> HttpResponse:
    """Let signatures by a key count."""
    row = _found(fingerprint)
    wish = Wish(
        title=f"Approve the key of {row.account}",
        button="Approve",
        done=f"What {row.account} signs by {fingerprint[-16:]} is taken from now on.",
        verb=at_once(lambda _: approve_key(site(), actor_of(request), fingerprint)),
        back=reverse("keys"),
        is_planned=False,
        asks_reason=False,
        consequences=_consequences(row),
    )
    return answer(request, wish)


@for_those_who_may(Act.APPROVE_KEY)
def refuse(request: HttpRequest, fingerprint: str) -> HttpResponse:
    """Let no signature by it count."""
    row = _found(fingerprint)
    wish = Wish(
        title=f"Refuse the key of {row.account}",
        button="Refuse",
        done=f"Nothing that is signed by {fingerprint[-16:]} is taken.",
        verb=at_once(lambda word: refuse_key(site(), actor_of(request), fingerprint, word.reason)),
        back=reverse("keys"),
        is_planned=False,
        consequences=f"{row.user_id}, {fingerprint}. {_meaning(row)} {row.account} is told, with "
        "the reason.",
    )
    return answer(request, wish)


def _meaning(row: KeyRow) -> str:
    if row.was_approved:
        return (
            "It was approved. No upload signed by it is taken any more, whoever brings it, not "
            "even if a keyring has it, until it is approved again."
        )
    return "It does not become a key of this account; whose it is can give it."


def _found(fingerprint: str) -> KeyRow:
    for row in list_keys(now()):
        if row.fingerprint == fingerprint:
            return row
    raise UploaderKeyUnknown(
        expected="the fingerprint of a key that an account has",
        found=fingerprint[:80],
        hint="It may have been removed meanwhile; the list of keys shows what is there.",
    )


def _consequences(row: KeyRow) -> str:
    """Whose key it says it is, and what would be taken that it signs."""
    account = find_account(row.account)
    rights = [each for each in account.rights if each.role >= Role.UPLOADER]
    where = "; ".join(
        f"to {each.repository}, {each.sources or 'all source packages'} "
        f"in {each.suite or 'all suites'}"
        for each in rights
    )
    match = "" if row.is_of_its_account else ", which is not the mail address of the account"
    return (
        f"The key {row.fingerprint} is of {row.user_id}, or says so{match}. Compare its "
        f"fingerprint with the one that you have from its owner. Then {row.account} may upload "
        f"{where or 'nothing yet: there is no right to upload'}."
    )
