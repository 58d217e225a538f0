"""The calls on who may what in a repository."""

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router

from mini_buildd.api.change_bodies import RightWish
from mini_buildd.api.door import actor_of
from mini_buildd.api.given import Number, Word
from mini_buildd.db.queries.rights import GivenRight, list_rights
from mini_buildd.domain.permission import Act, Role, demand
from mini_buildd.domain.problem import RightImpossible
from mini_buildd.flow.hosted import site
from mini_buildd.flow.rights import GIVEN, Right, Whom, give_right, withdraw_right
from mini_buildd.flow.snapshot import find_repository
from mini_buildd.wire.api.office import Right as Shown
from mini_buildd.wire.api.office import RightPage

router = Router(tags=["people"])


@router.get("{name}/rights/", response=RightPage, summary="List the rights to it")
def list_of_rights(request: HttpRequest, name: Word) -> RightPage:
    """Who may what in a repository, by whom it was given."""
    demand(actor_of(request), Act.GIVE_RIGHTS, repository=name)
    return RightPage(tuple(map(_shown, list_rights(find_repository(name).name))))


@router.post("{name}/rights/", response={201: Shown}, summary="Give a right")
def give_one_right(
    request: HttpRequest, response: HttpResponse, name: Word, body: Body[RightWish]
) -> Shown:
    """Let somebody read a repository, upload to it, or own it. No token will do for it."""
    whom = Whom(body.account, body.group, body.keyring, body.fingerprint)
    right = Right(name, _role(body.role), body.suite, body.sources, body.may_add_sources)
    number = give_right(site(), actor_of(request), whom, right)
    response["Location"] = f"/api/v1/repositories/{name}/rights/"
    return next(_shown(row) for row in list_rights(name) if row.id == number)


@router.delete("{name}/rights/{int:number}", response={204: None}, summary="Withdraw a right")
def withdraw_one_right(request: HttpRequest, name: Word, number: Number) -> None:
    """Take a right back. No token will do for it."""
    withdraw_right(site(), actor_of(request), name, number)


def _role(word: str) -> Role:
    for role in GIVEN:
        if role.word == word:
            return role
    raise RightImpossible(
        expected="reader, uploader or owner",
        found=word[:20],
        hint="Nothing was changed; correct it and try again.",
    )


def _shown(row: GivenRight) -> Shown:
    return Shown(
        id=row.id,
        repository=row.repository,
        kind=row.kind,
        whom=row.whom,
        fingerprint=row.fingerprint,
        role=row.role.word,
        suite=row.suite,
        sources=row.sources,
        may_add_sources=row.may_add_sources,
        given_at=row.given_at,
        given_by=row.given_by,
    )
