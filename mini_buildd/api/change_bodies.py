"""What the bodies of requests say that change suites, or who may what there."""

from typing import Annotated

from ninja import Schema
from pydantic import BeforeValidator, ConfigDict, Field, StrictBool, StrictStr

from mini_buildd.api.bodies import Reason, whole

_MOST_PACKAGES = 20_000
_LARGEST = 2**63 - 1
_WORD = r"^[^\x00-\x1f\x7f]+$"
_Word = Annotated[StrictStr, Field(max_length=200, pattern=_WORD)]
_Free = Annotated[StrictStr, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
_Count = Annotated[int, Field(ge=0, le=_LARGEST), BeforeValidator(whole)]
_Packages = Annotated[list[_Word], Field(min_length=1, max_length=_MOST_PACKAGES)]


class _Given(Schema):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Announced(_Given):
    """A version of a suite that a dry run has announced."""

    distribution: _Word
    number: _Count


class Planned(Reason):
    """Something that can be looked at before it is done."""

    dry_run: StrictBool = False
    """Only tell what would change, and change nothing."""
    expected: list[Announced] = Field(default_factory=list, max_length=100)
    """The versions that a dry run has announced: when a suite has moved on meanwhile, or another
    one would change as well, nothing is done."""

    def announced(self) -> dict[str, int]:
        """The numbers of those versions, by suite."""
        return {each.distribution: each.number for each in self.expected}


class Removal(Planned):
    """Packages that are to be gone."""

    packages: _Packages
    """Source packages, as `bash`, or one version of it, as `bash=5.2-1`."""
    force: StrictBool = False
    """Also if it makes packages uninstallable."""


class MigrationWish(Removal):
    """Packages that are to migrate."""

    whole_way: StrictBool = False
    """To all suites that follow, not only to the next one."""


class CopyWish(Removal):
    """Packages that are to be copied."""

    to: _Word
    """The suite that gets them, `<codename>-<repository>-<suite>`."""


class RollbackWish(Planned):
    """A version to go back to."""

    number: _Count
    """Of the version of the suite."""


class RebuildWish(Reason):
    """Packages that are to be built again."""

    packages: _Packages
    """As for other changes. The reason goes into their changelog, and must be given."""
    architectures: list[_Word] = Field(default_factory=list, max_length=100)
    """Only on these; all that each was built on, if none are given."""
    dry_run: StrictBool = False
    """Only tell what would be built."""


class SnapshotWish(Reason):
    """A snapshot that you want."""

    name: Annotated[StrictStr, Field(max_length=100, pattern=_WORD)]
    """Lower case letters, digits and -."""


class RightWish(_Given):
    """A right that somebody is to have; one of account, group and keyring says who."""

    account: _Free = ""
    group: _Free = ""
    keyring: _Free = ""
    fingerprint: _Free = ""
    """Of the only key of the keyring that is to have it."""
    role: _Word
    """reader, uploader or owner."""
    suite: _Free = ""
    """An uploader's only: the suite that they may upload to, without codename and repository."""
    sources: Annotated[StrictStr, Field(max_length=2000, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    """An uploader's only: names of source packages, with * for any letters."""
    may_add_sources: StrictBool = True
    """An uploader's only: also source packages that are not there yet."""


class KeyGiven(_Given):
    """A public key."""

    key: Annotated[StrictStr, Field(min_length=1, max_length=2 << 20, pattern=r"^[^\x00]*$")]
    """Its text: of an OpenPGP key armoured, of an SSH key the line of its .pub."""


class KeyNamed(_Given):
    """An SSH key by its fingerprint, which has slashes."""

    fingerprint: _Word
    """SHA256:…"""
