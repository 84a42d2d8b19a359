"""Which line a person means who names one: `mpdebug break FILE:LINE`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mpdebug import errors
from mpdebug.observer import code_lines

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = '''\
import os

@os.fspath
def first(
    a=1,
):
    """What it does."""

    x = [
        b for b in a
    ]
    # a comment

    return x

class Kind:
    y = 1

    def second(self): return 2

    async def third(self):
        yield 3
# the end
'''
STOPS = [
    (1, 1, ""), (2, 9, "first"), (3, 9, "first"), (4, 9, "first"), (7, 9, "first"),
    (9, 9, "first"), (12, 14, "first"), (14, 14, "first"), (15, 16, ""), (17, 17, ""),
    (19, 19, "Kind.second"), (21, 22, "Kind.third"), (22, 22, "Kind.third"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "stop", "function"), STOPS, ids=str)
def test_the_line_that_a_line_stands_for(
    tmp_path: Path, line: int, stop: int, function: str
) -> None:
    """Heads, blanks, comments and docstrings stand for the next line that can stop."""
    path = tmp_path / "source.py"
    path.write_text(SOURCE)
    found = code_lines.place(str(path), line)
    assert (found.line, found.function) == (stop, function)


def test_where_nothing_can_stop(tmp_path: Path) -> None:
    """After the last line with code, outside of the file, in no file: told with a cure."""
    path = tmp_path / "source.py"
    path.write_text(SOURCE)
    for line in (23, 24, 0):
        with pytest.raises(errors.NoSuchPlaceError):
            code_lines.place(str(path), line)
    for folder in "ab":
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "twice.py").touch()
    assert code_lines.find_file("b/twice.py", [str(tmp_path)]) == str(tmp_path / "b/twice.py")
    with pytest.raises(errors.NoSuchPlaceError, match=r"more than one file: .*a/twice\.py, "):
        code_lines.find_file("twice.py", [str(tmp_path)])
    with pytest.raises(errors.NoSuchPlaceError, match="there is no file"):
        code_lines.find_file("nowhere.py", [str(tmp_path)])
