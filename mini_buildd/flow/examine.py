"""What the rules say of an upload: the one place where all of them are asked.

An upload that has come and a dry run are asked the same in the same order. A rule that can be
asked although an earlier one has failed is asked, so that a person is told all at once.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import ParamSpec, TypeVar

from django.db.models import Q, QuerySet

from mini_buildd.archive.tree import pool_path
from mini_buildd.db.models import Distribution, PoolFile, Repository, Source
from mini_buildd.db.uploaders import Signer
from mini_buildd.db.visibility import visible
from mini_buildd.deb.changes import Changes
from mini_buildd.deb.dsc import Dsc
from mini_buildd.deb.files import ListedFile
from mini_buildd.deb.names import Component, MalformedName, PlainFilename, Sha256, SourceName
from mini_buildd.deb.version import Version, compare
from mini_buildd.domain import problem, upload_fields, upload_rules
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.domain.keyring import keyring_name
from mini_buildd.domain.layout import VersionRule
from mini_buildd.domain.orig import is_orig
from mini_buildd.domain.states import SourceState
from mini_buildd.domain.upload_rules import SignaturePolicy, SourceParts
from mini_buildd.flow.signature import Opened, read_dsc
from mini_buildd.flow.site import Site
from mini_buildd.flow.targets import BuildPlan, named_distribution, plan_of

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sent:
    """The files of an upload.

    *read* gives the bytes of the .dsc, or None in a dry run without it; raises Rejection when they
    are gone. *has* tells whether a file comes with the upload.
    """

    read: Callable[[PlainFilename], bytes | None]
    has: Callable[[PlainFilename], bool]


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the rules let through, with all that its row needs."""

    distribution: Distribution
    changes: Changes
    dsc: Dsc
    dsc_name: PlainFilename
    component: Component
    section: str
    priority: str
    plan: BuildPlan
    urgency: str
    bugs: tuple[int, ...]
    parts: SourceParts


@dataclass(frozen=True, slots=True)
class Examined:
    """The *faults* in the order of their rules; *accepted* when there are none.

    Both are empty where the .dsc was not there to be looked at. *distribution* is None when there
    is no such one.
    """

    faults: tuple[problem.Rejection, ...]
    distribution: Distribution | None
    accepted: Accepted | None


@dataclass(slots=True)
class _Faults:
    """Rejections as they are found."""

    found: list[problem.Rejection] = field(default_factory=list)

    def ask(self, rule: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """What *rule* gives; None when it has a fault to tell, which is kept."""
        try:
            return rule(*args, **kwargs)
        except problem.Rejection as rejection:
            self.found.append(rejection)
            return None


def examine(site: Site, opened: Opened, sent: Sent) -> Examined:
    """Ask all rules of the upload *opened*, with which the files *sent* come."""
    changes, faults = opened.changes, _Faults()
    distribution = named_distribution(changes.distribution)
    if distribution is not None and not _may_know(opened.signer, distribution):
        distribution = None
    faults.ask(_check_distribution, changes, opened.signer, distribution)
    if distribution is not None:
        faults.ask(_check_signer, opened.signer, distribution, changes.source)
    faults.ask(_check_age, site, opened)
    faults.ask(_check_reserved, site, opened.signer, (changes.source,))
    if distribution is not None:
        faults.ask(_check_version, changes.version, distribution)
        faults.ask(_check_against_present, changes, distribution)
    for rule in upload_fields.RULES:
        faults.ask(rule, changes)
    accepted = _examine_source(site, opened, distribution, faults, sent)
    return Examined(tuple(faults.found), distribution, accepted)


def _examine_source(
    site: Site,
    opened: Opened,
    distribution: Distribution | None,
    faults: _Faults,
    sent: Sent,
) -> Accepted | None:
    """The rules that need the .dsc."""
    changes = opened.changes
    listed = faults.ask(upload_rules.the_dsc, changes)
    if listed is None:
        return None
    component = faults.ask(_component_of, listed.section)
    dsc = faults.ask(_read_dsc, site, opened.signer, distribution, sent=sent, name=listed.name)
    if dsc is None:
        return None
    faults.ask(upload_rules.check_dsc_fits, changes, dsc)
    faults.ask(upload_rules.check_names, dsc, listed.name)
    faults.ask(upload_fields.check_binaries, changes, dsc.binaries)
    faults.ask(_check_reserved, site, opened.signer, dsc.binaries)
    if distribution is None:
        return None
    plan = faults.ask(plan_of, distribution, dsc.architectures, changes.changes)
    if component is None:
        return None
    may_be_in_base = partial(_may_be_in_base, site, distribution)
    parts = faults.ask(
        _parts, distribution, component, changes, dsc, sent.has, may_be_in_base=may_be_in_base
    )
    if plan is None or parts is None or faults.found:
        return None
    return Accepted(
        distribution=distribution,
        changes=changes,
        dsc=dsc,
        dsc_name=listed.name,
        component=component,
        section=listed.section,
        priority=listed.priority,
        plan=plan,
        urgency=upload_fields.urgency_of(changes),
        bugs=upload_fields.bugs_of(changes),
        parts=parts,
    )


def _may_be_in_base(site: Site, distribution: Distribution, file: ListedFile) -> bool:
    return (
        is_orig(file.name)
        and file.size_bytes <= site.settings.incoming.max_file_bytes
        and distribution.base.apt_sources.exists()
    )


def _may_know(signer: Signer | None, distribution: Distribution) -> bool:
    """Of private repositories nobody is told who may not upload there."""
    rows = Distribution.objects.filter(pk=distribution.pk)
    return _known_to(signer, rows).exists()


def _known_to(signer: Signer | None, rows: QuerySet[Distribution]) -> QuerySet[Distribution]:
    """Those of *rows* that *signer* may be told of; without one, that whoever looks may see."""
    if signer is None:
        return visible(rows, "repository__name")
    if signer.is_archive:
        return rows
    return rows.filter(
        Q(repository__is_private=False) | Q(repository__name__in=signer.repositories)
    )


def _check_distribution(
    changes: Changes, signer: Signer | None, distribution: Distribution | None
) -> None:
    takes_uploads = Distribution.objects.filter(suite__accepts_uploads=True)
    open_ones = _known_to(signer, _told_with(changes.distribution, takes_uploads))
    upload_rules.check_distribution(
        changes.distribution,
        exists=distribution is not None,
        is_open=distribution is not None and distribution.suite.accepts_uploads,
        open_ones=open_ones.values_list("name", flat=True),
    )


def _told_with(distribution: str, rows: QuerySet[Distribution]) -> QuerySet[Distribution]:
    """Those of *rows* that all may be told of who see an upload that names *distribution*.

    Why it was rejected stands on its page; that is hidden where it names a private repository.
    """
    try:
        own = str(DistributionName.parse(distribution).repository)
    except MalformedName:
        own = ""
    return rows.filter(Q(repository__is_private=False) | Q(repository__name=own))


def _public(names: Collection[str]) -> str:
    """Those of *names* of repositories that are not private, for the page of an upload."""
    rows = Repository.objects.filter(is_private=False, name__in=names).order_by("name")
    return ", ".join(rows.values_list("name", flat=True)) or "no public one"


def _check_signer(signer: Signer | None, distribution: Distribution, source: SourceName) -> None:
    if distribution.repository.is_open:
        return  # everybody may
    if signer is None:
        raise problem.SignatureMissing(
            expected="a .changes that is clear-signed as a whole",
            found="no signature at all",
            hint=problem.SignatureMissing.next_step,
        )
    repository, suite = distribution.repository.name, distribution.suite.name
    rights = [each for each in signer.rights if each.repository == repository]
    if not rights:
        raise problem.SignerNotAllowed(
            expected=f"a signer who may upload to repository {repository}",
            found=f"{signer.uploader}, who may upload to {_public(signer.repositories)}",
            hint="Ask an administrator for the right, or upload to another repository.",
        )
    in_repository = Source.objects.filter(distribution__repository=distribution.repository)
    is_new = not in_repository.filter(name=source).exists()
    if not any(each.covers(repository, suite, source, is_new=is_new) for each in rights):
        raise problem.SignerNotAllowed(
            expected=f"a signer who may upload {source} to {distribution}",
            found=f"{signer.uploader}, who may upload there: {'; or '.join(map(str, rights))}",
            hint="Ask an owner of the repository for the right.",
        )


def _read_dsc(
    site: Site,
    signer: Signer | None,
    distribution: Distribution | None,
    *,
    sent: Sent,
    name: PlainFilename,
) -> Dsc | None:
    data = sent.read(name)
    if data is None:
        return None
    policy, is_open = SignaturePolicy.CHANGES, False
    if distribution is not None:
        repository = distribution.repository
        policy, is_open = SignaturePolicy(repository.signature_policy), repository.is_open
    if signer is not None and signer.is_archive:
        policy = SignaturePolicy.CHANGES  # it has made both, this very moment
    return read_dsc(site, name, data, policy, is_open=is_open)


def _check_age(site: Site, opened: Opened) -> None:
    if opened.signed_at is None:
        return
    upload_rules.check_age(
        opened.signed_at, site.clock(), max_days=site.settings.incoming.max_signature_days
    )


def _check_reserved(site: Site, signer: Signer | None, names: Iterable[str]) -> None:
    upload_rules.check_reserved(
        names,
        reserved=keyring_name(site.settings.identity),
        is_archive=signer is not None and signer.is_archive,
    )


def _check_version(version: Version, distribution: Distribution) -> None:
    upload_rules.check_version(
        version,
        repository=distribution.repository.name,
        code=distribution.base.version_code,
        rule=VersionRule(distribution.suite.version_rule),
    )


def _check_against_present(changes: Changes, distribution: Distribution) -> None:
    # Its files have the same names in every suite, and the repository has one pool.
    in_repository = Source.objects.filter(distribution__repository=distribution.repository)
    before = in_repository.filter(name=changes.source, version=changes.version).first()
    upload_rules.check_not_there(
        changes.version,
        accepted_before=f"upload {before.upload_id} for {before.distribution}, {before.state}"
        if before
        else None,
    )
    same_name = Source.objects.filter(distribution=distribution, name=changes.source)
    newest: Version | None = None
    for text in same_name.exclude(state=SourceState.FAILED).values_list("version", flat=True):
        version = Version(text)
        newest = version if newest is None or compare(version, newest) > 0 else newest
    upload_rules.check_not_lower(changes.version, newest=newest)


def _component_of(section: str) -> Component:
    """The archive area before the slash of a section (Debian Policy 2.4), else main."""
    area, slash, _ = section.partition("/")
    try:
        return Component(area) if slash else Component("main")
    except MalformedName as error:
        raise problem.ChangesMalformed(
            expected="a section such as utils or contrib/utils",
            found=str(error),
            hint="Correct the Section of the source in debian/control.",
        ) from None


def find_parts(accepted: Accepted, has: Callable[[PlainFilename], bool]) -> SourceParts:
    """Where each file of the source package is now, in the upload or the pool; raises Rejection."""
    return _parts(
        accepted.distribution,
        accepted.component,
        accepted.changes,
        accepted.dsc,
        has,
        may_be_in_base=lambda _: False,
    )


def _parts(
    distribution: Distribution,
    component: Component,
    changes: Changes,
    dsc: Dsc,
    has: Callable[[PlainFilename], bool],
    *,
    may_be_in_base: Callable[[ListedFile], bool],
) -> SourceParts:
    rows = pool_rows(distribution, component, dsc.source, dsc.files)
    in_pool = {PlainFilename(row.name): Sha256(row.sha256) for row in rows}
    return upload_rules.source_parts(dsc, changes, in_pool, has, may_be_in_base)


def pool_rows(
    distribution: Distribution,
    component: Component,
    source: SourceName,
    files: Iterable[ListedFile],
) -> list[PoolFile]:
    """Those of *files*, by their names, that the pool has for that source."""
    paths = [pool_path(component, source, file.name) for file in files]
    return list(
        PoolFile.objects.filter(repository=distribution.repository, path__in=paths, removed_at=None)
    )


def known_files(opened: Opened) -> frozenset[PlainFilename]:
    """Those files of an upload that the repository's pool has already, just as they are listed.

    None of a private one, for who may not upload there.
    """
    changes = opened.changes
    distributions = Distribution.objects.filter(name=changes.distribution)
    rows = PoolFile.objects.filter(
        repository__distributions__in=_known_to(opened.signer, distributions),
        name__in=[file.name for file in changes.files],
        removed_at=None,
    )
    there = set(rows.values_list("name", "size_bytes", "sha256"))
    return frozenset(
        file.name for file in changes.files if (file.name, file.size_bytes, file.sha256) in there
    )
