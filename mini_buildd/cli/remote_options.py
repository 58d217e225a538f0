"""What ``mini-buildd-api`` is asked for on the command line."""

from mini_buildd.cli.remote_office_options import add_office
from mini_buildd.cli.remote_parser import (
    Actions,
    Parser,
    add,
    add_last,
    add_reason,
    add_yes,
    make_root,
)
from mini_buildd.cli.remote_profile_options import add_profiles
from mini_buildd.cli.remote_suite_options import add_suites
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.states import JobState, UploadState

SHELLS = ("bash", "zsh", "fish")


def make_parser() -> Parser:
    """All commands with their options; cli.remote has a function for each."""
    parser = make_root()
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_upload(commands)
    add(commands, "status", "tell what goes on")
    _add_lists(commands)
    _add_changes(commands)
    _add_waiting(commands)
    add_suites(commands)
    _add_setting_up(commands)
    add_profiles(commands)
    add_office(commands)
    return parser


def _add_upload(commands: Actions) -> None:
    upload = add(commands, "upload", "send an upload, and wait until it is published")
    upload.add_argument("changes", metavar="FILE.changes")
    upload.add_argument(
        "--dry-run", action="store_true", help="only ask whether it would be accepted"
    )
    upload.add_argument("--no-check", action="store_true", help="send it without asking before")
    upload.add_argument("--no-wait", action="store_true", help="end once it has been sent")
    _add_timeout(upload)


def _add_timeout(parser: Parser) -> None:
    parser.add_argument(
        "--timeout", type=float, metavar="MINUTES", help="wait no longer than that (default: on)"
    )


def _add_lists(commands: Actions) -> None:
    add(commands, "queue", "list the builds that wait, in their order")
    uploads = add(commands, "uploads", "list uploads, the newest first")
    uploads.add_argument("--state", choices=[state.value for state in UploadState])
    builds = add(commands, "builds", "list builds, the newest first")
    builds.add_argument("--state", choices=[state.value for state in JobState])
    builds.add_argument("--architecture", default="", metavar="ARCH")
    for each in (uploads, builds):
        each.add_argument(
            "source", nargs="?", default="", metavar="PACKAGE", help="of that source package"
        )
        each.add_argument("--distribution", default="", metavar="SUITE")
        add_last(each)
    log = add(commands, "log", "print the log of a build")
    log.add_argument("build", metavar="BUILD", help="its number, or PACKAGE/ARCH: the newest one")
    log.add_argument("--attempt", type=int, metavar="N", help="instead of the latest one")
    log.add_argument("-f", "--follow", action="store_true", help="go on until the build has ended")


def _add_changes(commands: Actions) -> None:
    for name, text in (
        ("cancel", "let builds end, those that wait and those that run"),
        ("retry", "let builds be tried again that failed or were cancelled"),
    ):
        change = add(commands, name, text)
        change.add_argument(
            "build", nargs="+", metavar="BUILD", help="its number, or PACKAGE/ARCH: the newest one"
        )
        change.add_argument(
            "--upload",
            action="store_true",
            help="the numbers are those of uploads: all their builds",
        )
        add_reason(change)
        if name == "cancel":
            add_yes(change)


def _add_waiting(commands: Actions) -> None:
    wait = add(commands, "wait", "wait for the end of builds, of an upload, or for a package")
    wait.add_argument(
        "what",
        nargs="+",
        metavar="WHAT",
        help="builds; with --upload uploads; with --in a package, or a version of it: hello=2.10-5",
    )
    wait.add_argument("--upload", action="store_true", help="the numbers are those of uploads")
    wait.add_argument(
        "--in", dest="suite", default="", metavar="SUITE", help="until apt finds it there"
    )
    _add_timeout(wait)
    events = add(commands, "events", "list what happened, the newest last, or watch it happen")
    events.add_argument(
        "-f", "--follow", action="store_true", help="go on with what happens, until interrupted"
    )
    events.add_argument(
        "--kind",
        choices=[kind.value for kind in EventKind],
        metavar="KIND",
        help="only of one kind",
    )
    events.add_argument(
        "--after", type=int, metavar="N", help="only after the event of this number"
    )
    add_last(events)


def _add_setting_up(commands: Actions) -> None:
    dput = add(commands, "dput-conf", "print what dput and dput-ng need to know of the instance")
    dput.add_argument("--alias", default="", help="only the one with this name, and nothing else")
    sources = add(commands, "sources-list", "print what apt needs to know to install from a suite")
    sources.add_argument("suite", metavar="SUITE")
    sources.add_argument(
        "--at", default="", metavar="SNAPSHOT", help="as it was then: 20261124T101500Z, or a name"
    )
    opened = add(commands, "open", "show something in a browser")
    opened.add_argument(
        "what",
        nargs="?",
        default="",
        metavar="WHAT",
        help="a build, PACKAGE/ARCH, a suite, or a package (default: home)",
    )
    opened.add_argument("--print", action="store_true", help="only print the address")
    shell = add(commands, "completion", "print how a shell completes this command")
    shell.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))
