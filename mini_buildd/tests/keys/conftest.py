"""People who sign, and a keyring that knows some of them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mini_buildd.keys.verify import keyring_for
from mini_buildd.tests.keys.people import Person, make_person


@pytest.fixture(scope="session")
def meet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Person]]:
    """Make somebody new, whose agent ends with the tests."""
    met: list[Person] = []

    def make(user_id: str, *options: str, usage: str = "sign") -> Person:
        # A socket of gpg-agent has a short path, and lies in its home where there is no /run/user.
        home = tmp_path_factory.mktemp("p", numbered=True) / "g"
        met.append(make_person(home, user_id, *options, usage=usage))
        return met[-1]

    yield make
    for person in met:
        person.close()


@pytest.fixture(scope="session")
def pat(meet: Callable[..., Person]) -> Person:
    return meet("Pat Packager <pat@example.invalid>")


@pytest.fixture(scope="session")
def stranger(meet: Callable[..., Person]) -> Person:
    return meet("Some Stranger <stranger@example.invalid>")


@pytest.fixture
def keyring(pat: Person, tmp_path: Path) -> Path:
    return keyring_for(tmp_path, [pat.public_key])
