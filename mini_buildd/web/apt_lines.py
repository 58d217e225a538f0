"""The lines that people paste to use a suite, now or as it was."""

from dataclasses import dataclass

from django.urls import reverse

from mini_buildd.domain.distribution import DistributionName
from mini_buildd.flow.hosted import archive_url, instance


@dataclass(frozen=True, slots=True)
class AptLines:
    """*add* makes apt know it, *install* installs from it, *once* does so without *add*.

    Of a private repository *auth* lets apt in, before all else; it is empty for others.
    """

    sources_url: str
    add: str
    install: str
    once: str = ""
    auth: str = ""


def use_it(
    repository: str, distribution: str, package: str = "", *, is_private: bool = False
) -> AptLines:
    """The suite as it is now."""
    url = f"{archive_url(repository)}/{distribution}.sources"
    install = f"sudo apt install -t {distribution} {package or 'PACKAGE'}"
    auth = _auth(repository) if is_private else ""
    return AptLines(url, _add(distribution, url, is_private=is_private), install, auth=auth)


def use_version(distribution: str, at: str, *, is_private: bool = False) -> AptLines:
    """The suite as it was *at* a moment, or in a snapshot."""
    url = instance().url + reverse("suite-sources", args=[distribution, at])
    install = f"sudo apt install -t {distribution} PACKAGE"
    once = f"sudo apt install --update --snapshot {at} -t {distribution} PACKAGE"
    auth = _auth(str(DistributionName.parse(distribution).repository)) if is_private else ""
    return AptLines(url, _add(distribution, url, is_private=is_private), install, once, auth)


def _add(distribution: str, url: str, *, is_private: bool) -> str:
    target = f"/etc/apt/sources.list.d/{distribution}.sources"
    who = "--user NAME " if is_private else ""
    return f"sudo curl {who}-fsSo {target} {url}\nsudo apt update"


def _auth(repository: str) -> str:
    """A file for apt_auth.conf(5), which root alone reads."""
    target = f"/etc/apt/auth.conf.d/{instance().identity}-{repository}.conf"
    line = f"machine {archive_url(repository)} login NAME password TOKEN"
    return f"sudo install -m 600 /dev/null {target}\nsudo tee {target} <<END\n{line}\nEND"
