"""The catalogue, asked for whoever looks: what is hidden from them is hidden there as well."""

from collections.abc import Iterator
from contextlib import contextmanager

from mini_buildd.archive.catalogue import reading
from mini_buildd.archive.catalogue_read import Asked
from mini_buildd.db.visibility import hidden_ids
from mini_buildd.flow.hosted import places


@contextmanager
def asking(most: int = 50) -> Iterator[Asked | None]:
    """The catalogue, for so many answers at *most*; None while there is none."""
    with reading(places().catalogue) as catalogue:
        if catalogue is None:
            yield None
        else:
            yield Asked(catalogue, hidden_ids(), most)
