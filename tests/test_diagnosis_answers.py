"""Equal answers of many processes are one, and the odd one is found."""

from __future__ import annotations

from mpdebug.diagnosis import answers
from mpdebug.model import Answer, Frame
from mpdebug.views import answers as view


def of(*values: object) -> list[Answer]:
    """What Worker-1, Worker-2, … answered."""
    return [Answer(f"Worker-{n}", str(value)) for n, value in enumerate(values, 1)]


def test_equal_answers_are_counted_and_the_few_are_named() -> None:
    """`64 × 7 · 3 Worker-65`: that of most first, whoever answered first."""
    groups = answers.fold(of(3, *[7] * 64))
    assert view.folded(groups, 80) == "64 × 7 · 3 Worker-1\n"
    assert view.folded(answers.fold([]), 80) == "nobody is stopped\n"


def test_answers_too_long_for_a_line_have_one_each() -> None:
    """At 40 columns each value has its line, and the names of many are a range."""
    groups = answers.fold(of(*["a" * 30] * 3, "b"))
    assert view.folded(groups, 40) == (f"3 × {'a' * 30}\n    Worker-1..3\n1 × b  Worker-4\n")


def test_values_that_were_shortened_are_compared_whole() -> None:
    """The same text with another digest is another answer."""
    one, other = Answer("Worker-1", "[0, 0, …", "aa"), Answer("Worker-2", "[0, 0, …", "bb")
    assert len(answers.fold([one, other])) == 2
    assert len(answers.fold([one, Answer("Worker-2", "[0, 0, …", "aa")])) == 1


def test_the_odd_one_is_who_differs_from_most() -> None:
    """One of eight; none where all agree; and no majority is said to be none."""
    groups = answers.fold(of(7, 7, 3, 7, 7, 7, 7, 7))
    found = answers.odd(groups)
    assert [group.names for group in found or ()] == ["Worker-3"]
    assert view.odd_ones(groups, found, 80) == "Worker-3    3\nthe others  7 × 7\n"
    same = answers.fold(of(7, 7))
    assert view.odd_ones(same, answers.odd(same), 80) == "none is odd: all 2 say 7\n"
    split = answers.fold(of(7, 3))
    assert answers.odd(split) is None
    assert "no answer is the most frequent" in view.odd_ones(split, None, 80)


def test_two_hundred_different_answers_do_not_flood_the_terminal() -> None:
    """Some twenty are listed, of the others the number is said."""
    groups = answers.fold(of(*range(200)))
    text = view.folded(groups, 80)
    assert len(text.splitlines()) == 21
    assert text.endswith("… and 180 other answers\n")
    odd = answers.fold(of(7, 7, *range(100, 200)))
    assert "… and 80 other answers" in view.odd_ones(odd, answers.odd(odd), 80)


def test_a_table_has_one_column_for_equal_processes() -> None:
    """Equal in all questions: one column; too wide for the terminal: a block for each."""
    found = answers.table(["x", "name"], [of(7, 7, 3), of("a", "a", "a")])
    assert view.table(found, 80) == (
        "      Worker-1, Worker-2  Worker-3\n"
        "x     7                   3\n"
        "name  a                   a\n"
    )
    assert view.table(found, 20) == (
        "Worker-1, Worker-2\n  x     7\n  name  a\nWorker-3\n  x     3\n  name  a\n"
    )


def test_equal_stacks_are_one() -> None:
    """Frames of multiprocessing in between are counted, and not shown."""
    inner = Frame("/home/me/app.py", 7, "step", "breakpoint()")
    between = [Frame("/usr/lib/python3/multiprocessing/process.py", n, "run") for n in (1, 2)]
    stack = (Frame("/home/me/app.py", 1, "main"), *between, inner)
    groups = answers.stacks([("Worker-1", stack), ("Worker-2", (inner,)), ("Worker-3", stack)])
    assert [group.who for group in groups] == [("Worker-1", "Worker-3"), ("Worker-2",)]
    assert view.stacks(groups, "/home/me", 80) == (
        "2 × Worker-1, Worker-3\n  app.py:1 in main\n  … 2 frames of multiprocessing\n"
        "  app.py:7 in step\n    breakpoint()\n"
        "1 × Worker-2\n  app.py:7 in step\n    breakpoint()\n"
    )


def test_foreign_text_cannot_move_the_cursor() -> None:
    """Terminal sequences in an answer are shown, not sent."""
    assert "\x1b" not in view.folded(answers.fold(of("\x1b[2J")), 80)
