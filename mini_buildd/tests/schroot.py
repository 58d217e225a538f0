"""``python -m mini_buildd.tests.schroot``: the script by which root prepares the schroot tests.

What it prints is what ``mini-buildd chroot schroot-script`` gives every administrator.
"""

import shutil
import subprocess
import sys

from mini_buildd.tests.scenario import Scenario, cache_folder, host_architecture, host_codename


def chroot_name() -> str:
    """The chroot of this machine's release, as schroot knows it."""
    return f"mini-buildd-{host_codename()}-{host_architecture()}"


def is_available() -> bool:
    """Whether root has prepared it for this user."""
    if shutil.which("schroot") is None:
        return False
    told = subprocess.run(["schroot", "--list"], capture_output=True, text=True, check=False)
    return f"chroot:{chroot_name()}" in told.stdout.split()


def main() -> int:
    """Print the script; the tarball is made when the cache has none."""
    folder = cache_folder() / "schroot"
    folder.mkdir(parents=True, exist_ok=True)
    scene = Scenario(folder)
    try:
        scene.set_up()
        done = scene.instance.call("chroot", "schroot-script", scene.codename, scene.architecture)
    finally:
        scene.close()  # its folder stays: the script names the tarball in it
    print(done.stdout, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
