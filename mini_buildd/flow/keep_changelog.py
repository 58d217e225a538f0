"""Changelogs of source packages as plain files, as apt asks for them ("apt changelog PACKAGE").

They are taken out of a binary package. Nothing leads to one whose package no suite has, and what
is there already says the same, so they are written before the transaction and only once.
"""

from mini_buildd.archive.tree import Tree, changelog_path
from mini_buildd.deb.names import Component, SourceName
from mini_buildd.deb.version import Version
from mini_buildd.kit.atomic import beside, make_folder, write_file


def keep_changelog(
    tree: Tree,
    component: Component,
    source: SourceName,
    version: Version,
    text: bytes,
    *,
    is_durable: bool = True,
) -> None:
    """Let apt find *text* as the changelog of that source package.

    Where it is not to be durable yet, a call of sync_filesystem has to follow.
    """
    path = tree.root / changelog_path(component, source, version.without_epoch)
    if path.exists() and path.stat().st_size == len(text):
        return
    if is_durable:
        make_folder(path.parent)
        write_file(path, text)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = beside(path)
    temporary.write_bytes(text)
    temporary.rename(path)
