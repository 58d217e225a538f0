"""What a dry run of an upload answers: whether it would be accepted as things are now."""

from dataclasses import dataclass
from typing import ClassVar

from mini_buildd.wire.api.described import DESCRIBED


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A rejection in the words of domain.problem."""

    __pydantic_config__: ClassVar = DESCRIBED

    code: str
    title: str
    expected: str
    found: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedBuild:
    """A job that the upload would get; *build_architecture* is empty where it is the same."""

    __pydantic_config__: ClassVar = DESCRIBED

    architecture: str
    build_architecture: str
    builds_any: bool
    builds_all: bool
    is_optional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFile:
    """A file by what was signed of it."""

    __pydantic_config__: ClassVar = DESCRIBED

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Precheck:
    """The answer. The first of *faults* is what an upload would be rejected with.

    *is_complete* says that all rules were asked: without the .dsc only those on the .changes are.
    *to_send* are the files that an upload must bring, beside the .changes; *in_pool* those that
    the archive has already, *from_base* those that it would look for in the base's archive.
    *signer* is empty where there is no good signature, *distribution* as it is written.
    """

    __pydantic_config__: ClassVar = DESCRIBED

    faults: tuple[Fault, ...]
    is_complete: bool = False
    signer: str = ""
    source: str = ""
    version: str = ""
    distribution: str = ""
    repository: str = ""
    component: str = ""
    builds: tuple[PlannedBuild, ...] = ()
    profiles: str = ""
    options: str = ""
    priority: int = 0
    to_send: tuple[NamedFile, ...] = ()
    in_pool: tuple[NamedFile, ...] = ()
    from_base: tuple[NamedFile, ...] = ()

    @property
    def is_accepted(self) -> bool:
        """Whether the upload would be accepted, as far as the rules could be asked."""
        return not self.faults
