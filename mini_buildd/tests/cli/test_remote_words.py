"""How mini-buildd-api shows sizes and complains."""

from pathlib import Path

import pytest

from mini_buildd.cli.bar import size_text
from mini_buildd.cli.remote import main


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (12_684, "12.7 kB"), (5_000_000_000, "5.0 GB")],
)
def test_sizes_are_short(size: int, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize(
    "words", [[], ["upload"], ["log"], ["wait"], ["snapshot", "x"], ["builds", "--last", "0"]]
)
def test_wrong_usage_is_no_failed_build(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 64


def test_who_sends_a_password_in_the_clear_is_told_before(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("MINI_BUILDD_PASSWORD", "secret")
    # Nobody answers there, so that it goes no further.
    assert main(["--url", "http://127.0.0.2:1", "token", "list"]) == 3
    assert "your password goes to http://127.0.0.2:1 as plain text" in capsys.readouterr().err
    assert main(["--url", "http://localhost:1", "token", "list"]) == 3
    assert "plain text" not in capsys.readouterr().err
