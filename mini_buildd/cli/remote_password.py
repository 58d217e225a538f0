"""For what no token will do: the name and the password of an account."""

import getpass
import os
import pwd
import sys
from dataclasses import replace

from mini_buildd.cli.plain import plain
from mini_buildd.cli.remote_desk import Desk
from mini_buildd.client.api import Api
from mini_buildd.client.connection import Connection


def signed_in(desk: Desk) -> Api:
    """The instance, as the account itself; the password may be in the environment."""
    server = desk.api.connection.server
    account = desk.options.account or pwd.getpwuid(os.getuid()).pw_name
    password = os.environ.get("MINI_BUILDD_PASSWORD")
    if server.is_in_the_clear:
        said = f"mini-buildd-api: your password goes to {server.url} as plain text; use https"
        print(plain(said), file=sys.stderr)
    if password is None:
        password = getpass.getpass(f"Password of {account} at {server.url}: ")
    return Api(Connection(replace(server, account=account, password=password)))
