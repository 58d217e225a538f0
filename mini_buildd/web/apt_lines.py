"""The lines that people paste to use a suite, now or as it was."""

from dataclasses import dataclass

from django.urls import reverse

from mini_buildd.web.instance import archive_url, instance


@dataclass(frozen=True, slots=True)
class AptLines:
    """*add* makes apt know it, *install* installs from it, *once* does so without *add*."""

    sources_url: str
    add: str
    install: str
    once: str = ""


def use_it(repository: str, distribution: str, package: str = "") -> AptLines:
    """The suite as it is now."""
    url = f"{archive_url(repository)}/{distribution}.sources"
    install = f"sudo apt install -t {distribution} {package or 'PACKAGE'}"
    return AptLines(url, _add(distribution, url), install)


def use_version(distribution: str, at: str) -> AptLines:
    """The suite as it was *at* a moment, or in a snapshot."""
    url = instance().url + reverse("suite-sources", args=[distribution, at])
    install = f"sudo apt install -t {distribution} PACKAGE"
    once = f"sudo apt install --update --snapshot {at} -t {distribution} PACKAGE"
    return AptLines(url, _add(distribution, url), install, once)


def _add(distribution: str, url: str) -> str:
    target = f"/etc/apt/sources.list.d/{distribution}.sources"
    return f"sudo curl -fsSo {target} {url}\nsudo apt update"
