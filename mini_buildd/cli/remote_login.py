"""Which instances somebody works with, and getting a token of one without showing it to anybody."""

import argparse
import socket
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from mini_buildd.cli.remote_desk import Desk, NotWanted
from mini_buildd.cli.remote_password import signed_in
from mini_buildd.cli.remote_token import token_wish
from mini_buildd.cli.screen import Cell, Row, heading
from mini_buildd.client.keyring import KeyringUnusable, forget_token, has_keyring
from mini_buildd.client.server import (
    ProfileUnusable,
    Server,
    choose_default,
    find_server,
    forget_server,
    list_servers,
    profile_path,
    save_server,
)
from mini_buildd.client.tls import Untrusted, seen_fingerprint

_HTTPS = 443


def login(options: argparse.Namespace) -> int:
    """Get a token, see that it is good, and keep it."""
    path = profile_path()
    given = find_server(
        path,
        name=options.profile,
        url=(options.address or options.url).rstrip("/"),
        needs_token=False,
    )
    server = replace(
        given,
        token="",
        ca_file=options.ca_file or given.ca_file,
        fingerprint=options.fingerprint.upper() or given.fingerprint,
    )
    server = _trusted(Desk.of(options, server), server)
    token = sys.stdin.readline().strip() if options.with_token else _made(options, server)
    server = replace(server, token=token)
    desk = Desk.of(options, server)
    me = desk.api.me()
    name = options.save or options.profile or urlsplit(server.url).hostname or "default"
    in_keyring = has_keyring() and not options.in_file
    save_server(path, name, server, in_keyring=in_keyring)
    where = "the keyring" if in_keyring else path
    return desk.done(
        {"profile": name, "url": server.url, "account": me.name, "kept_in": str(where)},
        f"{me.name} at {server.url}, kept in {where} as {name}",
    )


def _made(options: argparse.Namespace, server: Server) -> str:
    desk = Desk.of(options, server)
    wish = token_wish(desk, f"mini-buildd-api on {socket.gethostname()}"[:80])
    return signed_in(desk).make_token(wish).secret


def _trusted(desk: Desk, server: Server) -> Server:
    """*server*, with the fingerprint of its certificate if somebody trusts it. Raises Untrusted."""
    try:
        desk.api.status()
    except Untrusted as untrusted:
        if server.fingerprint or not sys.stdin.isatty():
            raise
        parts = urlsplit(server.url)
        seen = seen_fingerprint(parts.hostname or "", parts.port or _HTTPS)
        desk.say(f"{untrusted}\nIts certificate has this SHA-256 fingerprint:\n  {seen}")
        desk.say("Compare it with the one that whoever runs the instance tells you.")
        print("Trust this certificate, and no other? [y/N] ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            raise NotWanted from None
        return replace(server, ca_file="", fingerprint=seen)
    return server


def logout(options: argparse.Namespace) -> int:
    """Forget the token; to revoke it takes a password, as no token may do that."""
    path = profile_path()
    server = find_server(path, name=options.profile, url=options.url.rstrip("/"))
    names = [each.name for each in list_servers(path) if each.url == server.url]
    desk = Desk.of(options, server)
    if not names:
        raise ProfileUnusable(f"{path} does not know {server.url}")
    desk.confirm(f"Forget the token for {server.url}?")
    if server.token:
        desk.say("It stays good until it is revoked: mini-buildd-api token revoke, or on its page.")
    for name in names:
        _forget(path, name)
    return desk.done({"forgot": names}, f"the token for {server.url} is forgotten")


def profile(options: argparse.Namespace) -> int:
    """List the instances, choose the default one, or forget one."""
    path = profile_path()
    desk = Desk.of(options, Server("http://localhost"))  # which is not asked
    if options.action == "use":
        choose_default(path, options.name)
        return desk.done({"default": options.name}, f"{options.name} is meant from now on")
    if options.action == "forget":
        _forget(path, options.name)
        return desk.done({"forgot": [options.name]}, f"{options.name} is forgotten")
    found = list_servers(path)
    rows: list[Row] = [heading("", "name", "address", "token in")]
    rows += [
        [Cell("● default" if each.is_default else "", "32"), each.name, each.url, each.keeps or "–"]
        for each in found
    ]
    told = {
        "items": [
            {
                "name": each.name,
                "url": each.url,
                "is_default": each.is_default,
                "kept_in": each.keeps,
            }
            for each in found
        ]
    }
    return desk.listing(told, rows, (each.name for each in found), f"{path} knows no instance")


def _forget(path: Path, name: str) -> None:
    for each in list_servers(path):
        if each.name == name and each.keeps == "keyring":
            try:
                forget_token(each.url)
            except KeyringUnusable as error:
                print(f"mini-buildd-api: {error}", file=sys.stderr)
    forget_server(path, name)
