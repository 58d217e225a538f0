"""How mini-buildd-api shows sizes and complains."""

import pytest

from mini_buildd.cli.bar import size_text
from mini_buildd.cli.remote import main


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (12_684, "12.7 kB"), (5_000_000_000, "5.0 GB")],
)
def test_sizes_are_short(size: int, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize("words", [[], ["upload"], ["log", "x"], ["builds", "--last", "0"]])
def test_wrong_usage_is_no_failed_build(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 64
