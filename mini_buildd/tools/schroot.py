"""schroot: how root makes a directory chroot out of a tarball (schroot.conf(5)), and its isolation.

The daemon has no root, so root runs what this gives: it can be read before.
"""

import shlex
from pathlib import Path

# Who makes a root in a user namespace can make no device in it.
_DEVICES = """\
mkdir -p "$folder/dev/pts" "$folder/dev/shm"
for device in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
  numbers=${device#*:}
  [ -e "$folder/dev/${device%%:*}" ] ||
    mknod -m 666 "$folder/dev/${device%%:*}" c "${numbers%:*}" "${numbers#*:}"
done
ln -sfn pts/ptmx "$folder/dev/ptmx"
ln -sfn /proc/self/fd "$folder/dev/fd"
for stream in stdin:0 stdout:1 stderr:2; do
  ln -sfn "/proc/self/fd/${stream#*:}" "$folder/dev/${stream%:*}"
done"""


def install_script(*, name: str, tarball: Path, user: str) -> str:
    """A shell script for root: unpack *tarball*, configure chroot *name*, let *user* use it.

    Each run makes a new generation and switches to it.
    """
    configuration = "\n".join(
        [
            f"[{name}]",
            "type=directory",
            "directory=$folder",
            "union-type=overlay",
            f"description=mini-buildd, made from {tarball.name}",
            "profile=sbuild",
            "groups=root,sbuild",
            "root-groups=root,sbuild",
            "source-groups=root",
        ]
    )
    return "\n".join(
        [
            "set -eu",
            f"name={name}",
            'folder="/srv/chroot/$name.$(date +%s)"',
            'mkdir -p "$folder"',
            f'tar -C "$folder" -xf {shlex.quote(str(tarball))}',
            _DEVICES,
            'cat > "/etc/schroot/chroot.d/$name" <<END',
            configuration,
            "END",
            "# Overlays of running builds lie on older generations; those nobody uses go.",
            'for old in "/srv/chroot/$name".*; do',
            '  [ "$old" = "$folder" ] || grep -rqs "$old" /var/lib/schroot/session ||',
            '    rm -rf "$old"',
            "done",
            f"usermod --append --groups sbuild {shlex.quote(user)}",
            "",
        ]
    )


# Not every root has iproute2 or mount(8); perl is Essential. SIOCSIFFLAGS with IFF_UP and
# IFF_RUNNING (netdevice(7)).
_LOOPBACK = (
    "perl -e '"
    'socket(S, 2, 2, 0); $r = pack("a16s", "lo", 0x41) . "\\0" x 14; ioctl(S, 0x8914, $r) or die $!'
    "'"
)
_ALONE = f"""\
{_LOOPBACK} && exec runuser -u "$0" -- "$@"
"""

# What stands before -u is schroot's own; then come the user and, after --, the command.
_WRAPPER = """\
#!/bin/sh
set -eu
PATH=${PATH#*/bin:}
case " $* " in
*" --begin-session "*)
  name=$(schroot "$@")
  printf '%s\\n' "$name" > @session@
  printf '%s\\n' "$name"
  exit 0 ;;
*" --run-session "*) ;;
*) exec schroot "$@" ;;
esac
given=$#
user=root
while [ "$given" -gt 0 ]; do
  word=$1
  shift
  given=$((given - 1))
  case $word in
  -u)
    user=$1
    shift
    given=$((given - 1))
    set -- "$@" -u root ;;
  --)
    set -- "$@" --
    [ "$user" = root ] ||
      set -- "$@" unshare --net --ipc --mount-proc --pid --fork --kill-child sh -c @alone@ "$user"
    break ;;
  *) set -- "$@" "$word" ;;
  esac
done
# The command's own words stand first now; turn them behind ours.
while [ "$given" -gt 0 ]; do
  set -- "$@" "$1"
  shift
  given=$((given - 1))
done
exec schroot "$@"
"""


def wrapper_script(session: Path) -> str:
    """A shell script that stands for schroot(1) where sbuild calls it.

    Commands of the build's user get namespaces of their own, without a network and without other
    processes; root's keep the machine's network, to download packages. Root in a schroot is root of
    the machine, so it may do that. The name of the session is written to *session*. The script has
    to be the first of its name in PATH, and takes its own folder, ``…/bin``, away from there.
    """
    text = _WRAPPER.replace("@session@", shlex.quote(str(session)))
    return text.replace("@alone@", shlex.quote(_ALONE))
