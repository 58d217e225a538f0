"""The options of the commands on packages and suites."""

from mini_buildd.cli.remote_parser import Actions, Parser, add, add_last, add_reason, add_yes

_SUITE = "in full, trixie-test-unstable, or as much of it as is clear: unstable"
_PACKAGE = "a source package, or one version of it: hello=2.10-5"


def add_suites(commands: Actions) -> None:
    """ls, show, search, diff, versions, and all that changes suites."""
    _add_looking(commands)
    _add_moving(commands)
    _add_rest(commands)


def _add_looking(commands: Actions) -> None:
    ls = add(commands, "ls", "list the suites, or the source packages of one")
    ls.add_argument("suite", nargs="?", default="", metavar="SUITE", help=_SUITE)
    ls.add_argument(
        "query",
        nargs="?",
        default="",
        metavar="TEXT",
        help="a part of their names, or a binary package",
    )
    ls.add_argument("--version", type=int, metavar="N", help="as in that version of the suite")
    ls.add_argument("--repository", default="", metavar="NAME", help="only the suites of that one")
    show = add(commands, "show", "show a package, a suite, a build, or an upload")
    show.add_argument(
        "what",
        metavar="WHAT",
        help="a source package, a suite, the number of a build, or PACKAGE/ARCH",
    )
    show.add_argument("--upload", action="store_true", help="the number is that of an upload")
    search = add(commands, "search", "search packages, files and people")
    search.add_argument("words", nargs="+", metavar="WORD")
    versions = add(commands, "versions", "list the versions of a suite: when, who, why")
    versions.add_argument("suite", metavar="SUITE", help=_SUITE)
    add_last(versions)
    diff = add(commands, "diff", "tell in what two versions of suites differ")
    diff.add_argument("old", metavar="SUITE[@N]", help="version N of a suite (default: its newest)")
    diff.add_argument(
        "new",
        nargs="?",
        default="",
        metavar="SUITE[@N]",
        help="the same, or just N (default: of one suite, what its newest version has changed)",
    )
    diff.add_argument("--changelog", action="store_true", help="with what is new in the packages")


def _add_moving(commands: Actions) -> None:
    migrate = _add_change(commands, "migrate", "let packages migrate to the suite that follows")
    migrate.add_argument("--whole-way", action="store_true", help="to all suites that follow")
    _add_change(commands, "remove", "remove packages from a suite; its earlier versions keep them")
    copy = add(commands, "copy", "copy packages to another suite or repository")
    copy.add_argument("suite", metavar="FROM", help=_SUITE)
    copy.add_argument("target", metavar="TO", help="a suite of the same base release")
    _add_packages(copy)


def _add_change(commands: Actions, name: str, text: str) -> Parser:
    parser = add(commands, name, text)
    parser.add_argument("suite", metavar="SUITE", help=_SUITE)
    _add_packages(parser)
    return parser


def _add_packages(parser: Parser) -> None:
    parser.add_argument("package", nargs="+", metavar="PACKAGE", help=_PACKAGE)
    parser.add_argument(
        "--force", action="store_true", help="also if it makes packages uninstallable"
    )
    _add_words(parser)


def _add_words(parser: Parser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only tell what would change")
    parser.add_argument(
        "--no-wait", action="store_true", help="end once it is decided, before apt finds it"
    )
    add_reason(parser)
    add_yes(parser)


def _add_rest(commands: Actions) -> None:
    rollback = add(commands, "rollback", "let a suite be what one of its earlier versions was")
    rollback.add_argument("suite", metavar="SUITE", help=_SUITE)
    rollback.add_argument("number", type=int, metavar="N", help="see: versions")
    _add_words(rollback)
    rebuild = add(commands, "rebuild", "build binary packages again, as versions with +bN")
    rebuild.add_argument("suite", metavar="SUITE", help=_SUITE)
    rebuild.add_argument("package", nargs="+", metavar="PACKAGE", help=_PACKAGE)
    rebuild.add_argument(
        "--reason", required=True, help="why; it goes into the changelog of the packages"
    )
    rebuild.add_argument(
        "--architecture", action="append", metavar="ARCH", help="only on that one; may be repeated"
    )
    rebuild.add_argument("--dry-run", action="store_true", help="only tell what would be built")
    add_yes(rebuild)
    freeze = add(commands, "freeze", "let nothing come into a suite or go out")
    freeze.add_argument("suite", metavar="SUITE", help=_SUITE)
    add_reason(freeze)
    add_yes(freeze)
    thaw = add(commands, "thaw", "let packages come and go again")
    thaw.add_argument("suite", metavar="SUITE", help=_SUITE)
    _add_snapshots(commands)


def _add_snapshots(commands: Actions) -> None:
    snapshot = add(commands, "snapshot", "names for what all suites of a repository have now")
    actions = snapshot.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, text in (
        ("list", "list the snapshots of a repository"),
        ("take", "take a snapshot"),
        ("drop", "let a snapshot go"),
    ):
        parser = add(actions, name, text)
        parser.add_argument("repository", metavar="REPOSITORY")
        if name != "list":
            parser.add_argument("name", metavar="NAME")
        if name == "take":
            add_reason(parser)
        if name == "drop":
            add_yes(parser)
