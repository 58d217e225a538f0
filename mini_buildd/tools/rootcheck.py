"""What must work in a root before builds start from it, as shell for root inside."""

# apt could fetch what is installed: else the lists do not fit the root.
APT = """\
apt-get --quiet check
apt-get --quiet --simulate --reinstall install base-files
"""

# As an ordinary user, who has no network and whose files nobody keeps.
BUILD = """\
setpriv --reuid=nobody --regid=nogroup --clear-groups --inh-caps=-all sh -eu <<'END'
umask 022
mkdir -p /tmp/tiny/DEBIAN /tmp/tiny/usr/bin
cd /tmp/tiny
printf '#include <stdio.h>\\nint main(void) { puts("works"); return 0; }\\n' > /tmp/tiny.c
cc -O2 -o usr/bin/tiny /tmp/tiny.c
test "$(usr/bin/tiny)" = works
printf 'Package: tiny\\nVersion: 1\\nArchitecture: all\\nMaintainer: Nobody <n@example.org>\\n' \\
  > DEBIAN/control
echo 'Description: tiny' >> DEBIAN/control
dpkg-deb --root-owner-group --build /tmp/tiny /tmp/tiny.deb
dpkg-deb --info /tmp/tiny.deb
END
"""
