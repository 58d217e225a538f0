"""The options of the commands for who looks after an instance."""

from mini_buildd.cli.remote_parser import Actions, Parser, add, add_last, add_reason, add_yes


def add_office(commands: Actions) -> None:
    """builder, chroot, right, account and audit."""
    builder = _actions(add(commands, "builder", "list the builders, and say which get jobs"))
    add(builder, "list", "list the builders")
    aside = add(builder, "aside", "give a builder no jobs; what it builds now goes on")
    aside.add_argument("name", metavar="BUILDER")
    add_reason(aside)
    again = add(builder, "return", "give a builder jobs again")
    again.add_argument("name", metavar="BUILDER")
    chroot = _actions(add(commands, "chroot", "list what builds start from, and have it made anew"))
    add(chroot, "list", "list the chroots, with age and health")
    refresh = add(chroot, "refresh", "let chroots be made anew")
    refresh.add_argument("number", type=int, nargs="+", metavar="N", help="see: chroot list")
    _add_rights(commands)
    _add_accounts(commands)
    audit = add(commands, "audit", "tell who changed what, as an administrator")
    audit.add_argument("--who", default="", metavar="NAME", help="only what this one did")
    audit.add_argument("--kind", default="", help="only what was done to such things")
    audit.add_argument("--name", default="", help="only what was done to this, or a part of it")
    add_last(audit)


def _add_accounts(commands: Actions) -> None:
    text = "list the accounts, switch them off and on, as an administrator; asks for your password"
    account = _actions(add(commands, "account", text))
    listing = add(account, "list", "list the accounts")
    listing.add_argument("--all", action="store_true", help="also those that are switched off")
    off = add(account, "off", "let nobody sign in as these; their keys and tokens count no more")
    on = add(account, "on", "let their owners sign in again, by what they had")
    for each in (off, on):
        each.add_argument("name", metavar="NAME", nargs="+")
        add_reason(each)
    add_yes(off)
    for each in (listing, off, on):
        each.add_argument(
            "--account", default="", metavar="NAME", help="your name there (default: as here)"
        )


def _actions(parser: Parser) -> Actions:
    return parser.add_subparsers(dest="action", required=True, metavar="ACTION")


def _add_rights(commands: Actions) -> None:
    right = _actions(
        add(commands, "right", "who may what in a repository, as its owner; asks for your password")
    )
    listing = add(right, "list", "list the rights to a repository")
    give = add(right, "give", "give somebody a right")
    withdraw = add(right, "withdraw", "take rights back")
    for each in (listing, give, withdraw):
        each.add_argument("repository", metavar="REPOSITORY")
        each.add_argument(
            "--account", default="", metavar="NAME", help="your name there (default: as here)"
        )
    give.add_argument("whom", metavar="WHOM", help="an account, or as the options say")
    give.add_argument("role", choices=("reader", "uploader", "owner"))
    kind = give.add_mutually_exclusive_group()
    kind.add_argument("--group", action="store_true", help="WHOM is a group")
    kind.add_argument("--keyring", action="store_true", help="WHOM is a keyring")
    give.add_argument("--fingerprint", default="", help="only that key of the keyring")
    give.add_argument("--suite", default="", help="an uploader's only: just to that suite")
    give.add_argument(
        "--sources",
        default="",
        help="an uploader's only: names of source packages, * for any letters",
    )
    give.add_argument(
        "--no-new", action="store_true", help="an uploader's only: just packages that are there"
    )
    withdraw.add_argument("number", type=int, nargs="+", metavar="N", help="see: right list")
    add_yes(withdraw)
