"""What every command of ``mini-buildd-api`` works with."""

import argparse
import sys
from dataclasses import dataclass

import msgspec

from mini_buildd.cli.screen import Screen
from mini_buildd.client.api import Api
from mini_buildd.client.connection import Connection
from mini_buildd.client.server import Server


@dataclass(frozen=True, slots=True)
class Desk:
    """The options, the instance, and where to print."""

    options: argparse.Namespace
    api: Api
    screen: Screen

    @classmethod
    def of(cls, options: argparse.Namespace, server: Server) -> "Desk":
        """The desk for *options*, at *server*."""
        return cls(options, Api(Connection(server)), Screen.of(sys.stdout))

    @property
    def wants_json(self) -> bool:
        """Whether a program reads what is printed."""
        return bool(self.options.json)

    def tell(self, told: object) -> None:
        """Print what the API has said, for programs."""
        print(msgspec.json.encode(told).decode(), flush=True)
