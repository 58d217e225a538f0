"""A source package to try an instance with: the commands that make it, as somebody pastes them.

The tutorial has the same commands, and a test runs them.
"""

FIRST_PACKAGE = "greeting"

_SCRIPT = """\
mkdir -p greeting/debian/source
cd greeting
cat > greeting <<'END'
#!/bin/sh
echo "Greetings from my own archive."
END
cat > debian/control <<'END'
Source: greeting
Section: misc
Priority: optional
Maintainer: {maintainer}
Build-Depends: debhelper-compat (= 13)
Standards-Version: 4.7.0

Package: greeting
Architecture: all
Depends: ${{misc:Depends}}
Description: greets
 A package to try an archive with.
END
printf '#!/usr/bin/make -f\\n%%:\\n\\tdh $@\\n' > debian/rules
chmod 755 greeting debian/rules
echo 'greeting usr/bin' > debian/install
echo '3.0 (native)' > debian/source/format
cat > debian/changelog <<END
greeting ({version}) {distribution}; urgency=medium

  * My first package.

 -- {maintainer}  $(date -R)
END"""

BUILD = "dpkg-buildpackage -S -d -nc"


def first_package(*, maintainer: str, version: str, distribution: str) -> str:
    """The commands; *maintainer* is a name with an address, whose key signs it."""
    return _SCRIPT.format(maintainer=maintainer, version=version, distribution=distribution)


def dput_command(alias: str, version: str) -> str:
    """The command that uploads it, after BUILD."""
    return f"dput {alias} ../{FIRST_PACKAGE}_{version}_source.changes"
