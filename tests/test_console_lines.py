"""What is typed at a prompt: whether it goes on, whose command it is, what is asked."""

from __future__ import annotations

import pytest

from mpdebug.cli import console_commands, console_text


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("for x in y:", True),
        ("for x in y:\n    print(x)", True),
        ("for x in y:\n    print(x)\n    ", False),
        ("f(1,", True),
        ("!f(1,", True),
        ("x = '''", True),
        ("x = 3", False),
        ("p f(1,", False),
        ("odd [1,", False),
        ("odd = [1,", True),
        ("x = )", False),
        ("", False),
    ],
)
def test_whether_a_statement_goes_on(text: str, *, more: bool) -> None:
    """Only a statement does, and pdb's commands and ours are none."""
    assert console_text.goes_on(text, {"p", "odd"}) is more


@pytest.mark.parametrize(
    ("line", "ours"),
    [
        ("all x", True),
        ("all(x)", False),
        ("workers", True),
        ("workers = 3", False),
        ("workers += 1", False),
        ("!workers", False),
        ("odd x == 3", True),
        ("c", False),
        ("c all", True),
        ("w 3", False),
        ("where all", True),
        ("abort ValueError", False),
        ("help", True),
    ],
)
def test_which_lines_are_ours(line: str, *, ours: bool) -> None:
    """A name of the program that is called like a command can be assigned and called."""
    assert (console_commands.find(line) is not None) is ours


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x, f(1, 2)", ["x", "f(1, 2)"]),
        ("x", ["x"]),
        ("x y", ["x", "y"]),
        ("(1, 2)", ["(1, 2)"]),
        ("x + 1", ["x + 1"]),
    ],
)
def test_expressions_of_a_table(text: str, found: list[str]) -> None:
    """Commas between them; blanks will do where the line is no expression."""
    assert console_commands.expressions(text) == found
