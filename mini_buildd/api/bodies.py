"""What the bodies of requests say; more than that is refused, so that no typing error is missed."""

from typing import Annotated

from ninja import Schema
from pydantic import BeforeValidator, ConfigDict, Field, StrictBool, StrictStr

from mini_buildd.domain.permission import Scope
from mini_buildd.domain.token import DEFAULT_DAYS, LIFETIME_DAYS, NAME_CHARACTERS

_MOST_CHANGES_CHARACTERS = 3 << 20
_FileText = Annotated[StrictStr, Field(max_length=_MOST_CHANGES_CHARACTERS)]


def whole(value: object) -> object:
    """A number as JSON has it, where 9.0 is as whole as 9, and "9" is a text."""
    if isinstance(value, str | bool):
        raise ValueError("Input should be a number")  # noqa: TRY004  # pydantic's way
    return value


_Days = Annotated[int, Field(ge=1, le=LIFETIME_DAYS), BeforeValidator(whole)]
_Line = Annotated[StrictStr, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class _Given(Schema):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Reason(_Given):
    """Why somebody does it."""

    reason: _Line = ""
    """What the events and the pages tell."""


NO_REASON = Reason()


class TokenWish(_Given):
    """A token that you want."""

    name: Annotated[
        StrictStr,
        Field(max_length=NAME_CHARACTERS, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$"),
    ]
    """What it is for, such as the machine that will have it."""
    scopes: Annotated[list[Scope], Field(min_length=1)]
    """read: see what you may see; upload: also upload, and cancel or retry your own; change: the
    rest that you may do, but for accounts, keys, tokens and webhooks."""
    days: _Days | None = DEFAULT_DAYS
    """Until it ends, at most 366. Administrators may say more, and null: until it is revoked."""


class PrecheckWish(_Given):
    """What you would upload."""

    changes_name: _Line
    """The name of the .changes, without its folder."""
    changes: _FileText
    """Its signed text."""
    dsc: _FileText | None = None
    """The text of the .dsc that it names; without it, only what the .changes says is looked at."""


class ConfigurationIn(_Given):
    """A configuration."""

    text: _FileText
    """TOML, as the export gives it."""


class ConfigurationWish(ConfigurationIn):
    """A configuration to bring about."""

    prune: bool = False
    """Remove what is not in it."""
    dry_run: bool = False
    """Try it, and take it back."""


class ReleaseWish(_Given):
    """A release that packages are to be built for."""

    codename: _Line
    """Such as trixie."""
    architectures: Annotated[list[_Line], Field(min_length=1, max_length=20)]
    """The first one also builds what is for all."""
    archive_url: _Line = ""
    """Where dists/ and pool/ are; empty: where this machine has its own packages from."""


class RepositoryWish(_Given):
    """A repository with the usual suites."""

    name: _Line
    """Of small letters; part of the names of its suites, and of all versions."""
    has_keyring: StrictBool = False
    """Whether each suite gets a package with the archive's keys."""


class UploaderWish(_Given):
    """Somebody who is to upload."""

    account: _Line
    """Its name; it is made if there is none, without a password."""
    email: _Line = ""
    repository: _Line
    key: Annotated[StrictStr, Field(max_length=1 << 20)]
    """Their armored public key."""
