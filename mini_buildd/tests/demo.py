"""``./devel demo``: the main job on real input, from Debian's source to the installed package.

Every step is the real thing, done as a person would do it; what it took stands beside it.
"""

import argparse
import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mini_buildd.domain.states import SourceState
from mini_buildd.tests.instance import wait_for
from mini_buildd.tests.packager import Upload
from mini_buildd.tests.scenario import Scenario, cache_folder
from mini_buildd.tests.sources import DebianSources
from mini_buildd.tests.throwaway import ThrowawayRoot

_HTTP_PORT, _FTP_PORT = 8066, 8067
_BUILD_SECONDS = 1800

# Taken in this order, since a mirror may lag behind its own index; and how each says that it works.
_PACKAGES: Mapping[str, tuple[str, ...]] = {
    "hello": ("hello",),
    "figlet": ("figlet", "Hello"),
    "cowsay": ("/usr/games/cowsay", "Hello"),
}

_bold, _dim, _plain = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")


class StepFailed(Exception):
    """A step did not work; *hint* is what a person can do."""

    def __init__(self, why: str, hint: str) -> None:
        super().__init__(why)
        self.hint = hint


@dataclass(slots=True)
class Steps:
    """Prints each step with its duration; ends the demo at the first that fails."""

    done: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def step(self, title: str, hint: str) -> Iterator[None]:
        """Run the body as the step *title*; *hint* is the advice when it fails."""
        number = len(self.done) + 1
        print(f"{_bold}{number:2}. {title}{_plain}", flush=True)
        started = time.monotonic()
        try:
            yield
        except (AssertionError, OSError, subprocess.SubprocessError, StepFailed) as error:
            advice = error.hint if isinstance(error, StepFailed) else hint
            print(
                f"\n✕ step {number}, {title}, failed.\n  why: {error}\n  do:  {advice}", flush=True
            )
            raise SystemExit(1) from None
        seconds = time.monotonic() - started
        self.done.append((title, seconds))
        print(f"{_dim}    {seconds:.1f} s{_plain}", flush=True)

    def table(self) -> None:
        """All steps and what each took."""
        print(f"\n{_bold}What was done{_plain}")
        for number, (title, seconds) in enumerate(self.done, start=1):
            print(f"  {number:2}. {title:<58} {seconds:7.1f} s")
        print(f"      {'in all':<58} {sum(seconds for _, seconds in self.done):7.1f} s")


def _tell(text: str) -> None:
    for line in text.rstrip().splitlines():
        print(f"    {line}", flush=True)


def main() -> int:
    """Run the demo; the exit status is 0 when the package was installed and said hello."""
    parser = argparse.ArgumentParser(prog="./devel demo", description=__doc__)
    parser.add_argument("--exit", action="store_true", help="end after the installation")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = cache_folder() / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    scene = Scenario(folder)
    scene.instance.http_port, scene.instance.ftp_port = _HTTP_PORT, _FTP_PORT
    steps = Steps()
    try:
        upload = _whole_way(scene, steps)
        steps.table()
        _next_things(scene, upload)
        if not options.exit:
            _serve()
    except KeyboardInterrupt:
        print("\nstopping; a running build goes on and is found again by the next demo")
    finally:
        scene.instance.stop()
        scene.packager.close()
    return 0


def _whole_way(scene: Scenario, steps: Steps) -> Upload:
    """Each step in turn; the upload that went through them."""
    instance = scene.instance
    with steps.step(
        "Ask the doctor what this machine lacks for building",
        "mend what is said to be lacking, then run the demo again",
    ):
        _ask_doctor(scene)
    with steps.step(
        f"Set up repository test for {scene.codename} on {scene.architecture}, with its chroot",
        "look at the last lines above; mmdebstrap needs the machine's archive and user namespaces",
    ):
        _set_up(scene)
    with steps.step(
        f"Start the daemon: pages on {instance.url}, FTP on port {instance.ftp_port}",
        f"look into {instance.daemon_log}; is one of the ports taken, perhaps by another demo?",
    ):
        _check_ports(_HTTP_PORT, _FTP_PORT)
        instance.start()
    with steps.step(
        f"Fetch the source of {next(iter(_PACKAGES))} from Debian with apt-get source",
        "does apt-get update work on this machine?",
    ):
        dsc = _fetch(scene)
    with steps.step(
        "Give it a version of ours, build the source package and sign it",
        "dpkg-buildpackage says above what it lacks",
    ):
        upload = _prepare(scene, dsc)
    with steps.step("Upload it with dput", f"look into {instance.daemon_log}"):
        upload_id = _upload(scene, upload)
    with steps.step(
        "Build it with sbuild and publish it", f"read the log: {instance.url}/uploads/"
    ):
        _follow(scene, upload_id)
    with steps.step(
        "Install it with apt in a throw-away root, and run it",
        "apt says above what it misses; the archive stays there to be looked at",
    ):
        _install(scene, upload)
    return upload


def _ask_doctor(scene: Scenario) -> None:
    """Of the machine alone: what the instance has, the next steps make."""
    scene.instance.configure()
    _call(scene, "doctor", "--machine")


def _set_up(scene: Scenario) -> None:
    scene.packager.home.mkdir(parents=True, exist_ok=True)
    scene.borrow_chroot()
    _call(scene, *scene.setup_arguments())
    scene.keep_chroot()


def _call(scene: Scenario, *arguments: str) -> None:
    """One command of ``mini-buildd``, whose lines are shown as they come."""
    command = scene.instance.command(*arguments)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            if not line.startswith(" = "):
                _tell(line)
    if process.returncode:
        raise StepFailed(
            f"mini-buildd {arguments[0]} ended with {process.returncode}, see above",
            "mend what it says, then run the demo again",
        )


def _check_ports(*ports: int) -> None:
    for port in ports:
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise StepFailed(
                    f"port {port} of the loopback interface is taken: {error.strerror}",
                    f"end who listens there (ss -ltnp sport = :{port}), perhaps another demo",
                ) from None


def _fetch(scene: Scenario) -> Path:
    folder = scene.folder / "debian"
    for package in _PACKAGES:
        for dsc in (folder / package).glob("*.dsc"):
            _tell(f"{dsc.name} is there from an earlier run")
            return dsc
    sources = DebianSources(scene.codename, scene.folder / "apt")
    sources.prepare()
    answers = []
    for package in _PACKAGES:
        try:
            dsc = sources.fetch(package, folder / package)
        except AssertionError as error:
            shutil.rmtree(folder / package)
            answers.append(str(error))
            _tell(f"the archive does not give all files of {package}; taking another one")
        else:
            _tell(dsc.name)
            return dsc
    raise StepFailed("\n".join(answers), "does apt-get update work on this machine?")


def _prepare(scene: Scenario, dsc: Path) -> Upload:
    package, _, upstream = dsc.stem.partition("_")
    before = scene.instance.rows("SELECT version FROM mini_buildd_source WHERE name = ?", package)
    version = scene.version(upstream, len(before) + 1)
    folder = scene.folder / "work" / version
    number = 0
    while folder.exists():  # an earlier run that did not come to its upload
        number += 1
        folder = scene.folder / "work" / f"{version}.{number}"
    tree = scene.packager.unpack(dsc, folder)
    scene.packager.change(
        tree, version=version, distribution=scene.distribution, text="A demonstration."
    )
    upload = scene.packager.build_source(tree)
    _tell(f"{upload.name} for {scene.distribution}, signed by {scene.packager.fingerprint}")
    return upload


def _upload(scene: Scenario, upload: Upload) -> int:
    scene.packager.dput(scene.instance, upload)
    row = scene.instance.upload_of(upload.name)
    if row["state"] == "rejected":
        raise StepFailed(
            f"{row['problem_title']}: expected {row['expected']}, found {row['found']}", row["hint"]
        )
    _tell(f"accepted: {scene.instance.url}/uploads/{row['id']}/")
    return int(row["id"])


def _follow(scene: Scenario, upload_id: int) -> None:
    """Show the log live, by byte offset, as the page does; then wait for the publication."""
    instance = scene.instance
    job = wait_for("the job is planned", lambda: instance.job_of(upload_id), seconds=30)
    wait_for("the build has begun", lambda: instance.attempt_of(job["id"]), seconds=600)
    _tell(f"live: {instance.url}/builds/{job['id']}/")
    offset, deadline = 0, time.monotonic() + _BUILD_SECONDS
    while time.monotonic() < deadline:
        status, text, headers = instance.get(f"/builds/{job['id']}/log?offset={offset}")
        if status == 200 and text:
            sys.stdout.write(_indent(text.decode("utf-8", "replace"), begins_line=offset == 0))
            sys.stdout.flush()
        offset = int(headers.get("X-Log-Next-Offset", offset))
        if status == 200 and headers.get("X-Log-State") == "ended" and not text:
            break
        time.sleep(0.2)
    print(flush=True)
    end = (SourceState.PUBLISHED, SourceState.FAILED, SourceState.SUPERSEDED)
    source = instance.wait_for_source(upload_id, *end, seconds=60)
    if source["state"] != SourceState.PUBLISHED:
        row = instance.job_of(upload_id)
        reason = row["reason"] if row else ""
        raise StepFailed(
            f"the build is {source['state']}: {reason}", f"read the log: {instance.url}/builds/"
        )


def _indent(text: str, *, begins_line: bool) -> str:
    indented = text.replace("\n", f"\n{_dim}    │ ")
    return f"{_dim}    │ {indented}" if begins_line else indented


def _install(scene: Scenario, upload: Upload) -> None:
    package, version, _ = upload.name.split("_")
    command = _PACKAGES[package]
    with ThrowawayRoot(scene.chroot, scene.folder / "roots") as root:
        snippet = f"/etc/apt/sources.list.d/{scene.distribution}.sources"
        root.write(snippet, scene.apt_sources())
        root.run("apt-get", "update")
        root.run("apt-get", "install", "--yes", f"{package}={version}")
        told = root.run("dpkg-query", "--show", package).stdout
        said = root.run(*command).stdout
    if version not in told or not said.strip():
        raise StepFailed(f"installed {told!r}, and it said {said!r}", "look at the suite's page")
    _tell(f"{told.strip()}\n$ {' '.join(command)}\n{said}")


def _next_things(scene: Scenario, upload: Upload) -> None:
    instance = scene.instance
    config = scene.packager.home / "dput.cf"
    dput = f"dput -u -f -c {config} mini-buildd {upload.changes}"
    print(
        f"""
{_bold}Look at{_plain}
  {instance.url}/                     what is going on
  {instance.url}/uploads/             every upload, and what became of it
  {instance.url}/repositories/test/   the suites, and how to use them
  doc/tutorial/first-package.md       the same way with a package and an instance of your own

{_bold}Try{_plain}
  {dput}
      the same upload again: see on the pages why it is rejected, and what to do
  curl {instance.url}/archive/test/{scene.distribution}.sources
      all that a machine needs to install from here
  {_as_owner(instance.command("admin", "you"))}
      then sign in: {instance.url}/first/ shows you each step that this demo has done, and the next;
      {instance.url}/admin/ has the settings
""",
        flush=True,
    )


def _as_owner(command: list[str]) -> str:
    """*command* as it can be pasted into another terminal by whoever started the demo."""
    user = pwd.getpwuid(os.getuid())
    words = ["env", f"PYTHONPATH={os.environ.get('PYTHONPATH', '')}", *command]
    if user.pw_uid < 1000:  # made by ./devel, which root has started
        words = ["runuser", "-u", user.pw_name, "--", *words]
    return shlex.join(words)


def _serve() -> None:
    print("Serving until Ctrl-C.", flush=True)
    wait: Callable[[], None] = signal.pause
    while True:
        wait()


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
