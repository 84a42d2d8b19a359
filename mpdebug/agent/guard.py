"""The only blind `except` of the package: what we add may fail, the program never notices.

`with quiet:` around our own work swallows our own errors into the debug log. Two things go
through: what is no `Exception` (KeyboardInterrupt, SystemExit), and an exception that a signal
handler of the program raised while we happened to be at work: it is the program's time-out or
cancellation, and losing it would change the program.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` makes enums: 2 ms
import os
import sys

from mpdebug.real import Real

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, TracebackType
    from typing import Any

    from mpdebug.settings import Settings

OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
STDLIB = os.path.dirname(os.__file__) + os.sep
OUTSIDE = os.path.join(STDLIB, "site-packages") + os.sep
PACKAGES = "-packages" + os.sep

MAY_BLOCK = hasattr(_signal, "pthread_sigmask")

categories: frozenset[str] = frozenset()


def may_import() -> bool:
    """Whether an import of the standard library would find it, and run nothing else.

    A program may have a `queue.py` or `token.py` beside its script. If it never imports that,
    nor do we.
    """
    for folder in sys.path:
        if folder + os.sep == STDLIB:
            return True
        try:
            names = Real.listdir(folder or os.curdir)
        except OSError:  # not there, or a zip file
            continue
        if any(name.partition(".")[0] in sys.stdlib_module_names for name in names):
            return False
    return False


def function_in_c(module: str, name: str) -> Any:
    """A function of an extension module of Python's; None where something else is called so.

    The program may have a module of that name, or a mock in its place.
    """
    if module not in sys.modules and not may_import():
        return None
    try:
        found = getattr(__import__(module), name, None)
    except ImportError:  # this Python has none, or no descriptor is left
        return None
    return found if type(found) is type(len) else None


def is_ours_or_stdlib(filename: str) -> bool:
    """Whether code of this file belongs to us or to the standard library."""
    return filename.startswith((OURS, "<frozen")) or (
        filename.startswith(STDLIB) and not filename.startswith(OUTSIDE)
    )


def innermost_of(traceback: TracebackType | None) -> TracebackType | None:
    """The entry of a traceback where the exception was raised."""
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback


def is_from_outside(error: BaseException) -> bool:
    """Whether neither we nor the standard library raised this."""
    innermost = innermost_of(error.__traceback__)
    return innermost is not None and not is_ours_or_stdlib(
        innermost.tb_frame.f_code.co_filename
    )


class _Quiet:
    """See the module's text. One object serves all: it keeps nothing."""

    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if error is None:
            return False
        if not isinstance(error, Exception):
            return False
        innermost = innermost_of(traceback)
        if innermost is not None:
            code = innermost.tb_frame.f_code
            if not is_ours_or_stdlib(code.co_filename):
                return False
            debug(
                "guard",
                f"{type(error).__name__}: {error} in {code.co_filename}:{innermost.tb_lineno}",
            )
        return True


quiet = _Quiet()


class Undisturbed:
    """While we are in here, no handler of the program runs in this thread.

    For work of ours that calls much of the standard library: what a handler raises in there
    (a time-out is an OSError) would be taken for an error of the library's own and lost. What
    came meanwhile is raised at the end. Not for anything that waits.
    """

    __slots__ = ("mask",)

    def __init__(self) -> None:
        self.mask: set[int] | None = None

    def __enter__(self) -> None:
        if MAY_BLOCK and self.mask is None:
            mask = _signal.pthread_sigmask(_signal.SIG_BLOCK, ())  # only asks
            self.mask = mask
            try:
                _signal.pthread_sigmask(_signal.SIG_BLOCK, _signal.valid_signals())
            except BaseException:  # of a handler whose signal had come before: it has blocked
                self.end()
                raise

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Let handlers run again; a second time does nothing."""
        mask, self.mask = self.mask, None
        if mask is not None:
            _signal.pthread_sigmask(_signal.SIG_SETMASK, mask)


def choose(text: str) -> None:
    """Turn on categories of the debug log (comma-separated; "all" for everything)."""
    global categories  # noqa: PLW0603
    categories = frozenset(part for part in text.split(",") if part)


def debug(category: str, text: str) -> None:
    """Tell about our own doings, on stderr, where `--debug` asked for it."""
    if category in categories or "all" in categories:
        line = f"mpdebug[{Real.getpid()}] {category}: {text}\n"
        try:
            Real.write(2, line.encode("utf-8", "replace"))
        except OSError:  # stderr is closed
            return


def inherit_debug(chosen: Settings) -> None:
    """Take the categories from the settings of the run."""
    if chosen.debug:
        choose(chosen.debug)


def drop_frame(error: BaseException) -> None:
    """Take the frame of a wrapper of ours out of the traceback of an error on its way up.

    Called first thing in the wrapper's `except`, followed by a bare `raise`: a re-raise adds
    no second entry for the frame it happens in, so the program sees the traceback that it
    would see without us (3.11 to 3.15).
    """
    traceback = error.__traceback__
    if traceback is not None:
        error.__traceback__ = traceback.tb_next


def drop_frames(error: BaseException) -> None:
    """The same for what a signal handler of the program raised while we were at work."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_code.co_filename.startswith(OURS):
        traceback = traceback.tb_next
    error.__traceback__ = traceback


def caller_of_program(depth: int = 1) -> tuple[str, int, str]:
    """(file, line, function) of the innermost frame that is the program's own.

    ("", 0, "") where there is none: the interpreter itself called.
    """
    frame = program_frame(sys._getframe(depth).f_back)  # noqa: SLF001
    if frame is None:
        return "", 0, ""
    return frame.f_code.co_filename, frame.f_lineno or 0, frame.f_code.co_name


def program_frame(frame: FrameType | None) -> FrameType | None:
    """The innermost frame that is the program's own, from this one outward.

    Where the program called a library (joblib, a test runner) that called us, it is the place
    in the program that says something; the library's only where there is no other.
    """
    library = None
    while frame is not None:
        filename = frame.f_code.co_filename
        if not is_ours_or_stdlib(filename):
            if PACKAGES not in filename:
                return frame
            library = library or frame
        frame = frame.f_back
    return library


def place_of(error: BaseException) -> str:
    """`file:line` of the innermost frame of the program in a traceback."""
    place = ""
    traceback = error.__traceback__
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if not is_ours_or_stdlib(file):
            place = f"{file}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place


def where(depth: int = 1) -> str:
    """`file:line` of the program's innermost frame, or an empty text."""
    file, line, _ = caller_of_program(depth + 1)
    return f"{file}:{line}" if file else ""
