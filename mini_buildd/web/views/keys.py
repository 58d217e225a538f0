"""The keys that wait for an administrator, and the words by which they are approved or refused."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext
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
        title=gettext("Approve the key of %(account)s") % {"account": row.account},
        button=gettext("Approve"),
        done=gettext("What %(account)s signs by %(fingerprint)s is taken from now on.")
        % {"account": row.account, "fingerprint": fingerprint[-16:]},
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
        title=gettext("Refuse the key of %(account)s") % {"account": row.account},
        button=gettext("Refuse"),
        done=gettext("Nothing that is signed by %(fingerprint)s is taken.")
        % {"fingerprint": fingerprint[-16:]},
        verb=at_once(lambda word: refuse_key(site(), actor_of(request), fingerprint, word.reason)),
        back=reverse("keys"),
        is_planned=False,
        consequences=gettext(
            "%(user_id)s, %(fingerprint)s. %(row)s %(account)s is told, with the reason."
        )
        % {
            "user_id": row.user_id,
            "fingerprint": fingerprint,
            "row": _meaning(row),
            "account": row.account,
        },
    )
    return answer(request, wish)


def _meaning(row: KeyRow) -> str:
    if row.was_approved:
        return gettext(
            "It was approved. No upload signed by it is taken any more, whoever brings it, not "
            "even if a keyring has it, until it is approved again."
        )
    return gettext("It does not become a key of this account; whose it is can give it.")


def _found(fingerprint: str) -> KeyRow:
    for row in list_keys(now()):
        if row.fingerprint == fingerprint:
            return row
    raise UploaderKeyUnknown(
        expected=gettext("the fingerprint of a key that an account has"),
        found=fingerprint[:80],
        hint=gettext("It may have been removed meanwhile; the list of keys shows what is there."),
    )


def _consequences(row: KeyRow) -> str:
    """Whose key it says it is, and what would be taken that it signs."""
    account = find_account(row.account)
    rights = [each for each in account.rights if each.role >= Role.UPLOADER]
    where = "; ".join(
        gettext("to %(repository)s, %(packages)s in %(suites)s")
        % {
            "repository": each.repository,
            "packages": each.sources or gettext("all source packages"),
            "suites": each.suite or gettext("all suites"),
        }
        for each in rights
    )
    match = (
        "" if row.is_of_its_account else gettext(", which is not the mail address of the account")
    )
    return gettext(
        "The key %(fingerprint)s is of %(user_id)s, or says so%(match)s. Compare its fingerprint "
        "with the one that you have from its owner. Then %(account)s may upload %(upload)s."
    ) % {
        "fingerprint": row.fingerprint,
        "user_id": row.user_id,
        "match": match,
        "account": row.account,
        "upload": where or gettext("nothing yet: there is no right to upload"),
    }
