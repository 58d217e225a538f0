"""The lines that repeat a build: what they say, and that a shell and sbuild take them as meant."""

import shlex
import subprocess
from pathlib import Path

from msgspec import structs

from mini_buildd.tests.buildd.scripts import TASK
from mini_buildd.tools.repeat import repeat_lines
from mini_buildd.tools.sbuild import configuration
from mini_buildd.wire.task import AptSource, Limits, Task

ARCHIVE, URL = Path("/home/x/archive"), "http://buildd.example:8066/archive"
BUILD = structs.replace(
    TASK,
    dsc=str(ARCHIVE / "test/pool/main/h/hello/hello_1.0~test13+1.dsc"),
    apt_sources=(
        AptSource(
            line=f"deb {URL}/test trixie-test-unstable main",
            pin="release n=trixie-test-unstable",
            key="KEY",
            tree="/home/x/archive/test",
        ),
    ),
    limits=Limits(cores=2),
)


def lines(task: Task) -> list[str]:
    return repeat_lines(task, ARCHIVE, URL).split("\n")


def words(task: Task, tmp_path: Path) -> list[str]:
    """What sbuild gets when a shell reads it all; first the build options."""
    others = "dget() { :; }\nmmdebstrap() { :; }\nwget() { :; }\n"
    sbuild = 'sbuild() { printf "%s\\0" "$DEB_BUILD_OPTIONS" "$@"; }\n'
    script = others + sbuild + repeat_lines(task, ARCHIVE, URL)
    done = subprocess.run(
        ["sh", "-c", script], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    return done.stdout.split("\0")[:-1]


def test_all_is_fetched_first() -> None:
    fetch, root, key, _ = lines(BUILD)
    where = f"{URL}/test/pool/main/h/hello/hello_1.0~test13+1.dsc"
    assert shlex.split(fetch) == ["dget", "--download-only", "--allow-unauthenticated", where]
    assert root == "mmdebstrap --variant=buildd --architecture=amd64 trixie trixie-amd64.tar"
    assert key == f"wget -O archive-key.asc {URL}/test/archive-key.asc"


def test_sbuild_is_told_what_the_builder_was_told(tmp_path: Path) -> None:
    options, *given = words(BUILD, tmp_path)
    assert options == "", "how many cores there are is another machine's affair"
    assert given[:5] == [
        "--dist=trixie-test-unstable",
        "--chroot-mode=unshare",
        "--arch=amd64",
        "--arch-any",
        "--arch-all",
    ]
    assert f"--chroot={tmp_path}/trixie-amd64.tar" in given
    assert f"--extra-repository=deb {URL}/test trixie-test-unstable main" in given
    assert "--extra-repository-key=archive-key.asc" in given
    assert given[-1] == "hello_1.0~test13+1.dsc"
    (setup,) = [word for word in given if word.startswith("--chroot-setup-commands=")]
    pins = setup.partition("printf '")[2].partition("' > ")[0].replace("\\n", "\n")
    assert pins.startswith("Package: *\nPin: ")
    assert pins in configuration(BUILD, tmp_path)
    assert "/home/x" not in " ".join(given)


def test_a_build_without_own_suites_needs_no_key() -> None:
    assert len(lines(structs.replace(BUILD, apt_sources=()))) == 3


def test_profiles_options_setup_cross_builds_and_rebuilds_are_repeated(tmp_path: Path) -> None:
    task = structs.replace(
        BUILD,
        architecture="i386",
        build_architecture="amd64",
        profiles=("nodoc",),
        options=("terse", "parallel=3"),
        setup="echo it's 100%\ntouch /x",
        binnmu=2,
        binnmu_reason="Rebuild; it's for libfoo2",
    )
    options, *given = words(task, tmp_path)
    assert options.split()[:2] == ["terse", "parallel=3"]
    assert {"--host=i386", "--build=amd64", "--binNMU=2"} <= set(given)
    assert "--make-binNMU=Rebuild; it's for libfoo2" in given
    assert "--chroot-setup-commands=echo it's 100%%\ntouch /x" in given
    assert lines(task)[1].split()[2] == "--architecture=amd64"
