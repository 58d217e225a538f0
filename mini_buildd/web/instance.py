"""The instance whose pages these are; flow.hosted keeps it, for all doors alike."""

from mini_buildd.flow.hosted import (
    archive_url,
    instance,
    outlook,
    places,
    plug_in,
    show_troubles,
    site,
    throttle,
    tree,
    troubles,
    wake,
)

__all__ = [
    "archive_url",
    "instance",
    "outlook",
    "places",
    "plug_in",
    "show_troubles",
    "site",
    "throttle",
    "tree",
    "troubles",
    "wake",
]
