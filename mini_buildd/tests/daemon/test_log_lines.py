"""Lines of the daemon's log, for people, for programs and for the journal."""

import json
import logging
import subprocess
import sys
from contextvars import Context

import pytest

from mini_buildd.daemon.log_lines import STRUCK, JsonLines, TextLines
from mini_buildd.kit.log_fields import add_field, log_fields, logged_with

TOKEN = "mbd_" + "a1" * 21 + "b"


def record(text: str, *arguments: object, **fields: object) -> logging.LogRecord:
    """A line about *fields*."""
    made = logging.LogRecord("here", logging.ERROR, __file__, 1, text, arguments, None)
    made.fields = fields
    return made


def test_a_line_for_people_has_when_what_and_about_what() -> None:
    line = TextLines().format(record("it %s", "broke", step="intake", upload=7))
    when, rest = line.split(" ", 1)
    assert when.endswith("Z")
    assert rest == "ERROR here: it broke [step=intake upload=7]"


def test_a_line_for_the_journal_has_its_priority_and_no_second_time() -> None:
    line = TextLines(is_journal=True).format(record("it broke\nTraceback", upload=7))
    assert line == "<3>here: it broke [upload=7]\n<3>  Traceback"


def test_no_name_that_a_stranger_chose_looks_like_a_line_of_ours() -> None:
    forged = "x\n2026-11-26T03:00:00Z INFO mini_buildd.access: nothing to see"
    first, *others = TextLines().format(record("no such user: %s", forged)).split("\n")
    assert "no such user" in first
    assert [each[:6] for each in others] == ["  2026"]


def test_a_line_for_programs_is_one_object_whatever_the_text_is() -> None:
    line = JsonLines().format(record('two\nlines "and" \x1b[31m more', build=3))
    assert "\n" not in line
    told = json.loads(line)
    assert told["message"] == 'two\nlines "and" \x1b[31m more'
    assert (told["level"], told["logger"], told["build"]) == ("error", "here", 3)


def test_a_fault_has_its_traceback_in_both() -> None:
    try:
        int("so it was")
    except ValueError:
        made = logging.LogRecord("here", logging.ERROR, __file__, 1, "x", (), sys.exc_info())
    assert "ValueError: invalid literal" in TextLines().format(made)
    assert "ValueError: invalid literal" in json.loads(JsonLines().format(made))["exception"]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (TOKEN, TOKEN),
        ("Authorization: Basic c2VjcmV0c2VjcmV0", "c2VjcmV0c2VjcmV0"),
        ("password=hunter2", "hunter2"),
        ("token=abcdef&x=1", "abcdef"),
        (f"whsec_{'Ab+/' * 11}", "Ab+/Ab+/"),
        (f"/first/administrator/?code={'x-_9' * 8}", "x-_9"),
    ],
)
@pytest.mark.parametrize("kind", [TextLines, JsonLines])
def test_what_looks_like_a_secret_is_struck_out(
    text: str, secret: str, kind: type[TextLines] | type[JsonLines]
) -> None:
    line = kind().format(record("came with %s", text, path=text))
    assert secret not in line
    assert line.count(STRUCK) == 2


def test_a_stranger_cannot_begin_a_line_of_the_log_nor_steer_a_terminal() -> None:
    line = TextLines().format(record("no SSH from %s", "x\r\x1b[2J\x85"))
    assert line.endswith("no SSH from x\\x0d\\x1b[2J\\x85")


def test_what_is_worked_on_is_said_by_who_begins_and_forgotten_at_its_end() -> None:
    Context().run(_work)


def _work() -> None:
    with logged_with(step="intake", upload=0):
        with logged_with(upload=7):
            add_field("account", "pat")
            assert log_fields() == {"step": "intake", "upload": 7, "account": "pat"}
        assert log_fields() == {"step": "intake"}
    assert log_fields() == {}


def test_levels_and_form_are_as_the_settings_want_them() -> None:
    code = (
        "import logging; from mini_buildd.config.settings import Log;"
        "from mini_buildd.daemon.log_lines import start_logging;"
        "start_logging(Log(format='json', level='warning'));"
        "logging.getLogger('x').info('quiet'); logging.getLogger('x').warning('loud')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stderr)["message"] == "loud"
