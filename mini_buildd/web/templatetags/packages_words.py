"""Packages in words: their states, their relations, their changelogs with links."""

import re
from collections.abc import Collection, Mapping
from urllib.parse import quote

from django import template
from django.urls import reverse
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mini_buildd.archive.catalogue import Need
from mini_buildd.db.queries.package import VersionRow
from mini_buildd.deb.relations import Relation
from mini_buildd.web import status as states
from mini_buildd.web.templatetags.look import drawn

register = template.Library()

_NEEDS: Mapping[Need, str] = {
    Need.DEPENDS: gettext_noop("Depend on it"),
    Need.RECOMMENDS: gettext_noop("Recommend it"),
    Need.SUGGESTS: gettext_noop("Suggest it"),
    Need.BUILD: gettext_noop("Are built with it"),
}
_LINKED = re.compile(
    r"(?P<url>https?://[^\s<>\"']+[^\s<>\"'.,;:)\]])"
    r"|(?P<cve>\bCVE-[0-9]{4}-[0-9]{4,})"
    r"|(?P<closes>\b(?:closes|fixes):?\s*(?:bug)?#?\s?[0-9]+(?:,\s*(?:bug)?#?\s?[0-9]+)*)"
    r"|(?P<lp>\bLP:\s*#[0-9]+(?:,\s*#[0-9]+)*)",
    re.IGNORECASE,
)
_BUG = re.compile(r"#?[0-9]{2,}")
_HTTP = re.compile(r"https?://\S+")


@register.simple_tag
def source_state(row: VersionRow) -> SafeString:
    """The state of a version of a source package."""
    return drawn(states.of_source(row.state))


@register.filter
def need_word(kind: Need) -> str:
    """How packages need one."""
    return _(_NEEDS[kind])


@register.simple_tag
def relation(each: Relation, known: Collection[str]) -> SafeString:
    """An alternative of a relation; what the suites have is a link to it."""
    name = format_html("{}", each.name)
    if each.name in known:
        name = format_html('<a href="{}">{}</a>', reverse("package", args=[each.name]), each.name)
    rest = str(each)[len(each.name) :]
    words = f" [{' '.join(each.architectures)}]" if each.architectures else ""
    words += "".join(f" <{' '.join(profile)}>" for profile in each.profiles)
    return format_html('{}<span class="quiet">{}{}</span>', name, rest, words)


@register.filter
def changelog(text: str) -> SafeString:
    """*text* with links to what it names: bugs that it closes, CVEs, addresses."""
    parts, at = [], 0
    for match in _LINKED.finditer(text):
        parts += [escape(text[at : match.start()]), _link(match)]
        at = match.end()
    return mark_safe("".join([*parts, escape(text[at:])]))  # noqa: S308  # all of it is escaped


def _link(match: "re.Match[str]") -> str:
    text = match[0]
    if match["url"]:
        return format_html('<a href="{}" rel="nofollow noreferrer">{}</a>', text, text)
    if match["cve"]:
        url = f"https://security-tracker.debian.org/tracker/{text.upper()}"
        return format_html('<a href="{}" rel="noreferrer">{}</a>', url, text)
    tracker = "https://bugs.launchpad.net/bugs/" if match["lp"] else "https://bugs.debian.org/"
    parts, at = [], 0
    for bug in _BUG.finditer(text):
        url = tracker + bug[0].lstrip("#")
        link = format_html('<a href="{}" rel="noreferrer">{}</a>', url, bug[0])
        parts += [escape(text[at : bug.start()]), link]
        at = bug.end()
    return "".join([*parts, escape(text[at:])])


@register.simple_tag
def field_value(name: str, value: str) -> SafeString:
    """The value of a field; addresses and maintainers are links."""
    if _HTTP.fullmatch(value):
        return format_html('<a href="{}" rel="nofollow noreferrer">{}</a>', value, value)
    if name in ("Maintainer", "Uploaders"):
        people = [each.strip(" ,\n") for each in value.replace("\n", " ").split(">,")]
        whole = [each if each.endswith(">") or "<" not in each else f"{each}>" for each in people]
        url = reverse("packages")
        return format_html_join(
            ", ", '<a href="{}?maintainer={}">{}</a>', ((url, quote(each), each) for each in whole)
        )
    return format_html("{}", value)
