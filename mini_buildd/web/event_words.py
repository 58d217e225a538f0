"""What happened, as a sentence that people read, with links to what it is about."""

from collections.abc import Callable, Mapping

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop

from mini_buildd.domain.event import EventKind
from mini_buildd.domain.event_row import EventRow

_ = gettext_noop

# In braces: package (with its version), build (the same on an architecture), suite, version (of the
# suite), snapshot, repository, detail. What else is to be said follows.
_SENTENCES: Mapping[EventKind, str] = {
    EventKind.UPLOAD_ARRIVED: _("{package} was uploaded"),
    EventKind.UPLOAD_WAITS: _("{package} waits for files of its base release"),
    EventKind.UPLOAD_COMPLETED: _("{package} is complete: what it left out was found"),
    EventKind.UPLOAD_REJECTED: _("{package} was rejected"),
    EventKind.SOURCE_ACCEPTED: _("{package} was accepted for {suite}"),
    EventKind.JOB_PLANNED: _("{build} is to be built for {suite}"),
    EventKind.JOB_ASSIGNED: _("{build} goes to builder {detail}"),
    EventKind.JOB_STARTED: _("{build} is being built on {detail}"),
    EventKind.JOB_SUCCEEDED: _("{build} was built"),
    EventKind.JOB_FAILED: _("{build} failed to build"),
    EventKind.JOB_DEP_WAIT: _("{build} waits for what it needs"),
    EventKind.JOB_LOST: _("{build} was lost by its builder"),
    EventKind.JOB_RELEASED: _("{build} need not wait any more"),
    EventKind.JOB_CANCELLED: _("{build} was cancelled"),
    EventKind.JOB_RETRIED: _("{build} is tried again"),
    EventKind.SOURCE_READY: _("{package} is built, and enters {suite}"),
    EventKind.SOURCE_HELD: _("{package} does not enter {suite}, since a build of it failed"),
    EventKind.SOURCE_SUPERSEDED: _("{package} was superseded in {suite}"),
    EventKind.SUITE_PUBLISHED: _("{suite} was published with {version}"),
    EventKind.SUITE_RENEWED: _("{suite} was signed anew"),
    EventKind.SUITE_FROZEN: _("{suite} was frozen"),
    EventKind.SUITE_THAWED: _("{suite} is not frozen any more"),
    EventKind.SNAPSHOT_TAKEN: _("The snapshot {snapshot} of {repository} was taken"),
    EventKind.SNAPSHOT_DROPPED: _("The snapshot {snapshot} of {repository} was dropped"),
    EventKind.CHROOT_MADE: _("The chroot {detail} was made"),
    EventKind.CHROOT_FAILED: _("A chroot could not be made"),
    EventKind.CHROOT_EXPIRES: _("A chroot is too old"),
    EventKind.BUILDER_SET_ASIDE: _("A builder was set aside"),
    EventKind.BUILDER_RETURNED: _("A builder is given builds again"),
    EventKind.KEY_ROTATED: _("The archive got a new key"),
    EventKind.KEY_RETIRED: _("A key of the archive was retired"),
    EventKind.KEY_EXPIRES: _("A key of the archive expires"),
    EventKind.KEYRING_UPLOADED: _("The keyring package was uploaded for {suite}"),
    EventKind.UPLOADER_KEY_SUBMITTED: _("A key waits for approval"),
    EventKind.UPLOADER_KEY_APPROVED: _("A key was approved"),
    EventKind.UPLOADER_KEY_REFUSED: _("A key was refused"),
    EventKind.UPLOADER_KEY_UPDATED: _("A key was given anew"),
    EventKind.UPLOADER_KEY_REVOKED: _("A key was revoked"),
    EventKind.UPLOADER_KEY_REMOVED: _("A key was removed"),
    EventKind.UPLOADER_KEY_EXPIRES: _("A key of an uploader expires"),
    EventKind.WEBHOOK_STOPPED: _("A webhook was switched off"),
}
FAMILIES: Mapping[str, str] = {
    "upload": _("Uploads"),
    "source": _("Source packages"),
    "job": _("Builds"),
    "suite": _("Suites"),
    "snapshot": _("Snapshots"),
    "chroot": _("Chroots"),
    "builder": _("Builders"),
    "key": _("Keys of the archive"),
    "keyring": _("Keyring packages"),
    "uploader_key": _("Keys of uploaders"),
    "webhook": _("Webhooks"),
}


Link = Callable[..., str]  # a text, the name of a view, and what stands in its address


def sentence(row: EventRow) -> SafeString:
    """What happened, with links; what else is to be said follows."""
    wanted, detail = _wanted(row)
    filled = format_html(wanted, **_parts(row, _link))
    return format_html('{} <span class="detail">{}</span>', filled, detail) if detail else filled


def plain(row: EventRow) -> str:
    """The same as a line of text."""
    wanted, detail = _wanted(row)
    filled = wanted.format(**_parts(row, lambda text, *_: str(text)))
    return " ".join(f"{filled}: {detail}".split() if detail else filled.split())


def kinds(word: str) -> frozenset[EventKind]:
    """The kinds that *word* stands for: a kind by itself, or a family of them; none otherwise."""
    found = (kind for kind in EventKind if word in (kind.value, kind.value.partition(".")[0]))
    return frozenset(found)


def _wanted(row: EventRow) -> tuple[str, str]:
    text = gettext(_SENTENCES[row.kind])
    return text, "" if "{detail}" in text else row.detail


def _link(text: str, view: str, *places: object) -> str:
    return format_html('<a href="{}">{}</a>', reverse(view, args=places), text)


def _parts(row: EventRow, link: Link) -> dict[str, str]:
    package = row.package or gettext("An upload")
    build = f"{package} {row.architecture}".strip()
    suite = row.distribution or gettext("a suite")
    return {
        "package": link(package, "upload", row.upload_id) if row.upload_id else package,
        "build": link(build, "build", row.job_id) if row.job_id else build,
        "suite": link(suite, "suite", suite) if row.distribution else suite,
        "version": _version(row, link),
        "snapshot": row.snapshot,
        "repository": link(row.repository, "repository", row.repository) if row.repository else "",
        "detail": row.detail or gettext("a builder"),
    }


def _version(row: EventRow, link: Link) -> str:
    if row.version is None or not row.distribution:
        return gettext("a new version")
    text = gettext("version {number}").format(number=str(row.version))
    return link(text, "suite-version", row.distribution, row.version)
