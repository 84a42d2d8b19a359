"""Exceptions as data: made in the process where the frames and the source lines are.

Nothing is pickled: an exception whose class wants two arguments, or is not importable on the
other side, must not be able to stop anybody's log.

The object: `type` (dotted name), `message`, `frames` (a list of [file, line, function,
source], outermost first), `cause` and `context` (the same again), `notes`, `text` (the
traceback as Python prints it).
"""

from __future__ import annotations

from mpdebug.agent import encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

FRAMES = 60
CHAIN = 8
TEXT_ROOM = 200_000


def describe(error: BaseException, *, text: bool = True, source: bool = True) -> dict[str, Any]:
    """An exception as plain data. Bounded; never raises because of the exception.

    Args:
        error: the exception.
        text: with its traceback as Python prints it.
        source: with the source lines of its frames. Without both nothing is imported.
    """
    said = _one(error, CHAIN, source)
    if text:
        said["text"] = _text(error)
    return said


def type_name(kind: type) -> str:
    """`ValueError`, `pkg.errors.BadRow`; without the module where it says nothing."""
    module = getattr(kind, "__module__", "")
    name = getattr(kind, "__qualname__", kind.__name__)
    return (
        name
        if module in ("builtins", "__main__", "__mp_main__", None, "")
        else f"{module}.{name}"
    )


def _one(error: BaseException, left: int, source: bool) -> dict[str, Any]:
    said: dict[str, Any] = {
        "type": type_name(type(error)),
        "message": encode.safe_str(error),
        "frames": _frames(error.__traceback__, source),
    }
    notes = getattr(error, "__notes__", None)
    if isinstance(notes, (list, tuple)) and notes:
        said["notes"] = [encode.safe_str(note) for note in notes[:20]]
    if left > 0:
        if error.__cause__ is not None:
            said["cause"] = _one(error.__cause__, left - 1, source)
        elif error.__context__ is not None and not error.__suppress_context__:
            said["context"] = _one(error.__context__, left - 1, source)
    return said


def _frames(traceback: TracebackType | None, source: bool) -> list[list[Any]]:
    if source:
        import linecache  # noqa: PLC0415 - with the first exception, not at start-up

    found = []
    while traceback is not None:
        found.append(traceback)
        traceback = traceback.tb_next
    if len(found) > FRAMES:
        found = found[: FRAMES // 2] + found[-FRAMES // 2 :]
    frames: list[list[Any]] = []
    for entry in found:
        code = entry.tb_frame.f_code
        line = entry.tb_lineno or 0
        there = ""
        if source:
            # With the globals of what is no file, linecache would keep lines that a traceback
            # of the program's own would then show, and would not without us (3.14: runpy).
            known = None if code.co_filename.startswith("<") else entry.tb_frame.f_globals
            there = linecache.getline(code.co_filename, line, known)
        frames.append([code.co_filename, line, code.co_name, there.strip()[:500]])
    return frames


def _text(error: BaseException) -> str:
    import traceback  # noqa: PLC0415 - see above

    try:
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    except Exception as trouble:  # noqa: BLE001 - a __str__ or __notes__ of the program's
        why = type(trouble).__name__
        return f"{type(error).__name__} (its traceback could not be made: {why})"
    if len(text) > TEXT_ROOM:
        return f"{text[: TEXT_ROOM // 2]}\n…\n{text[-TEXT_ROOM // 2 :]}"
    return text
