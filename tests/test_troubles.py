"""Each program of `tests/programs/troubles` is one of the table's."""

from __future__ import annotations

from tests.troubles_table import FOLDER, TROUBLES, marked


def test_each_trouble_has_a_program_and_a_row() -> None:
    """Programs and rows are the same, and each mark that a row names is in its program."""
    assert sorted(each.name for each in TROUBLES) == sorted(
        path.stem for path in FOLDER.glob("*.py")
    )
    for each in TROUBLES:
        marked(each.path, each.words)
