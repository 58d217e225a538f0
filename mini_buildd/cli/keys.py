"""``mini-buildd key``: the keys that sign the archive."""

import argparse
from datetime import datetime

from mini_buildd.cli.owner import owner
from mini_buildd.config.places import Places
from mini_buildd.deb.names import Fingerprint
from mini_buildd.domain.key_expiry import SigningKey
from mini_buildd.flow import keys
from mini_buildd.keys.archive_keys import ArchiveKeys
from mini_buildd.kit.clock import utc_now


def run_key(options: argparse.Namespace, places: Places, identity: str) -> int:
    """List, rotate or retire; the list is shown in any case."""
    by = owner()
    if options.action == "rotate":
        keys.rotate(places, identity, clock=utc_now, by=by)
    if options.action == "retire":
        # As people copy it: gpg shows it in groups.
        fingerprint = Fingerprint(options.fingerprint.replace(" ", "").upper())
        keys.retire(places, fingerprint, clock=utc_now, by=by)
    _show(places)
    return 0


def _show(places: Places) -> None:
    listed = ArchiveKeys(places.gnupg).listing()
    print(f"{places.gnupg}:")  # of which instance: another --home has others
    for key in listed:
        print(f"{key.fingerprint}  {_end(key, utc_now())}")
    if not listed:
        print("no key yet; the first one is made when the daemon starts, or by: key rotate")
    for key in listed[1:]:
        print(f"Once all clients have the first key:\n  mini-buildd key retire {key.fingerprint}")


def _end(key: SigningKey, at: datetime) -> str:
    if key.expires_at is None:
        return "never expires"
    if key.expires_at <= at:
        return f"expired on {key.expires_at:%Y-%m-%d}, signs no more"
    return f"signs until {key.expires_at:%Y-%m-%d} ({(key.expires_at - at).days} days)"
