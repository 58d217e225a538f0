"""A dry run: would this upload be accepted, and what would happen then? Nothing is changed by it.

The rules are those of an upload, asked by the same code (flow.examine). What is asked is the signed
.changes, and the .dsc where it is at hand; so most uploads can be mended before they are sent.
"""

from collections.abc import Iterable

from mini_buildd.deb.changes import Changes
from mini_buildd.deb.files import ListedFile
from mini_buildd.deb.names import MalformedName, PlainFilename, Sha256
from mini_buildd.domain import problem, upload_rules
from mini_buildd.domain.permission import Act, Actor, may
from mini_buildd.flow.examine import Accepted, Examined, Sent, examine, known_files
from mini_buildd.flow.signature import Opened, open_changes, open_unsigned
from mini_buildd.flow.site import Site
from mini_buildd.flow.targets import named_distribution
from mini_buildd.kit.hashing import sha256_of_bytes
from mini_buildd.wire.precheck import Fault, NamedFile, PlannedBuild, Precheck


def precheck(
    site: Site, actor: Actor, changes_name: str, changes: bytes, dsc: bytes | None = None
) -> Precheck:
    """Ask all rules of the .changes called *changes_name*, and of its .dsc where that is given.

    Everybody may ask, as everybody may upload: what is told follows from a good signature. Who may
    see the repository anyway may ask before signing, too, and is told what else is wrong.
    """
    try:
        name = _file_name(changes_name)
        opened = open_changes(site, name, changes)
    except problem.Rejection as rejection:
        unsigned = _unsigned(actor, changes_name, changes, rejection)
        if unsigned is None:
            return Precheck(faults=(_fault(rejection),))
        opened = unsigned
    in_pool = known_files(opened)
    sent = Sent(
        read=lambda listed: _read(opened.changes, listed, dsc),
        has=lambda listed: listed in _listed(opened.changes) and listed not in in_pool,
    )
    examined = examine(site, opened, sent)
    return _answer(opened, examined, in_pool, is_complete=dsc is not None)


def _unsigned(actor: Actor, name: str, data: bytes, rejection: problem.Rejection) -> Opened | None:
    """What was given without any signature, if *actor* may be told about it."""
    if not isinstance(rejection, problem.SignatureMissing):
        return None
    opened = open_unsigned(name, data)
    distribution = named_distribution(opened.changes.distribution) if opened else None
    if not actor.name or distribution is None:
        return None
    repository = distribution.repository
    is_seen = may(actor, Act.SEE, repository=repository.name, is_private=repository.is_private)
    return opened if is_seen else None


def _file_name(text: str) -> PlainFilename:
    try:
        name = PlainFilename(text)
    except MalformedName as error:
        raise _no_changes(str(error)) from None
    if not name.endswith(".changes"):
        raise _no_changes(name)
    return name


def _no_changes(found: str) -> problem.ChangesMalformed:
    return problem.ChangesMalformed(
        expected="the file name of a .changes",
        found=found,
        hint="Name the file that dpkg-genchanges has written, without its folder.",
    )


def _listed(changes: Changes) -> dict[PlainFilename, ListedFile]:
    return {file.name: file for file in changes.files}


def _read(changes: Changes, name: PlainFilename, dsc: bytes | None) -> bytes | None:
    """The .dsc that was given, once it is the one that was signed for."""
    if dsc is None:
        return None
    listed = _listed(changes)[name]
    upload_rules.check_sent(listed, size_bytes=len(dsc), sha256=Sha256(sha256_of_bytes(dsc)))
    return dsc


def _answer(
    opened: Opened, examined: Examined, in_pool: frozenset[PlainFilename], *, is_complete: bool
) -> Precheck:
    changes, distribution = opened.changes, examined.distribution
    accepted = examined.accepted
    return Precheck(
        faults=tuple(map(_fault, examined.faults)),
        is_complete=is_complete,
        signer=opened.signer.uploader if opened.signer is not None else "",
        source=changes.source,
        version=changes.version,
        distribution=changes.distribution,
        repository=distribution.repository.name if distribution is not None else "",
        component=accepted.component if accepted else "",
        builds=_builds(accepted) if accepted else (),
        profiles=accepted.plan.profiles if accepted else "",
        options=accepted.plan.options if accepted else "",
        priority=accepted.plan.priority if accepted else 0,
        to_send=_named(file for file in changes.files if file.name not in in_pool),
        in_pool=_named(
            accepted.parts.pool
            if accepted
            else (file for file in changes.files if file.name in in_pool)
        ),
        from_base=_named(accepted.parts.base) if accepted else (),
    )


def _fault(rejection: problem.Rejection) -> Fault:
    return Fault(
        code=rejection.code,
        title=rejection.title,
        expected=rejection.expected,
        found=rejection.found,
        hint=rejection.hint,
    )


def _builds(accepted: Accepted) -> tuple[PlannedBuild, ...]:
    return tuple(
        PlannedBuild(
            architecture=job.architecture,
            build_architecture=job.build_architecture or "",
            builds_any=job.builds_any,
            builds_all=job.builds_all,
            is_optional=job.is_optional,
        )
        for job in accepted.plan.jobs
    )


def _named(files: Iterable[ListedFile]) -> tuple[NamedFile, ...]:
    return tuple(
        NamedFile(name=file.name, size_bytes=file.size_bytes, sha256=file.sha256) for file in files
    )
