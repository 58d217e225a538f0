"""Build profiles (the BuildProfileSpec) and DEB_BUILD_OPTIONS (Debian Policy 4.9.1)."""

import re

from mini_buildd.deb.names import Name


class BuildProfile(Name):
    """One build profile: nocheck, stage1, or pkg.SOURCE.ANYTHING of a source package's own."""

    __slots__ = ()
    kind = "build profile (such as nocheck, or pkg.hello.gui)"
    grammar = re.compile(
        r"(?!pkg\.(?![a-z0-9+-][a-z0-9+.-]*\.[a-z0-9+-]))[a-z0-9][a-z0-9+.-]{0,99}"
    )


class BuildOption(Name):
    """One word of DEB_BUILD_OPTIONS: nocheck, or parallel=4."""

    __slots__ = ()
    kind = "build option (such as nocheck, or parallel=4)"
    grammar = re.compile(r"[a-z0-9][a-z0-9_.+-]{0,49}(?:=[A-Za-z0-9][A-Za-z0-9_.,:+/~-]{0,99})?")

    @property
    def tag(self) -> str:
        """What it says something of, without the value."""
        return self.partition("=")[0]


def join_options(*groups: tuple[BuildOption, ...]) -> tuple[BuildOption, ...]:
    """All options, each tag once: of two, that of the later group."""
    return tuple({option.tag: option for group in groups for option in group}.values())


def join_profiles(*groups: tuple[BuildProfile, ...]) -> tuple[BuildProfile, ...]:
    """All profiles, each once."""
    return tuple(dict.fromkeys(profile for group in groups for profile in group))
