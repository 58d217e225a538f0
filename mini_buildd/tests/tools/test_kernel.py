"""What is read out of the kernel's own files."""

import fcntl
from pathlib import Path, PurePosixPath

from mini_buildd.tools import kernel
from mini_buildd.tools.namespace import free_range

_MOUNTS = """\
24 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
31 24 0:40 / /srv rw,relatime - ext4 /dev/vdb rw
32 24 0:41 / /srv/my\\040home rw,noexec - tmpfs tmpfs ro,size=1k
33 24 0:42 / /srv rw,nosuid - xfs /dev/vdc rw
"""


def _mount(path: str) -> kernel.Mount:
    found = kernel.mount_of(PurePosixPath(path), kernel.mounts(_MOUNTS))
    assert found is not None
    return found


def test_the_mount_of_a_path_is_the_last_of_the_deepest() -> None:
    root = _mount("/srvx")
    assert (root.place, sorted(root.options)) == ("/", ["relatime", "rw"])
    assert _mount("/srv/other").kind == "xfs"
    home = _mount("/srv/my home/builds")
    assert (home.kind, sorted(home.options)) == ("tmpfs", ["noexec", "ro", "rw"])


def test_the_memory_that_could_be_had_is_read() -> None:
    text = "MemTotal:       100 kB\nMemAvailable:    64 kB\n"
    assert kernel.available_memory_bytes(text) == 64 * 1024
    assert kernel.available_memory_bytes("") == 0


def test_kernel_versions_are_two_numbers() -> None:
    assert kernel.kernel_version("6.1.0-38-amd64") == (6, 1)
    assert kernel.kernel_version() >= (3, 8)


def test_a_setting_that_this_kernel_does_not_know_is_none() -> None:
    assert kernel.read_sysctl("user.max_user_namespaces") is not None
    assert kernel.read_sysctl("kernel.nonesuch") is None


def test_a_lock_is_seen_without_taking_one(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not kernel.is_locked(path)
    with path.open("w") as stream:
        assert not kernel.is_locked(path)
        fcntl.flock(stream, fcntl.LOCK_EX)
        assert kernel.is_locked(path)
    assert not kernel.is_locked(path)


def test_the_first_free_subordinate_id_follows_all_that_are_given_away() -> None:
    assert free_range("") == 100_000
    assert free_range("pat:100000:65536\n# no line\n7:300000:10\nx:y:z\n") == 300_010
