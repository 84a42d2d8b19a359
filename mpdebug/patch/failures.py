"""`--pm`: the first failure of each kind stands still where it failed, its frames alive.

Workers catch what a task raises, so no excepthook ever sees it. What they all do is to wrap it
for the way to the parent (`ExceptionWithTraceback`), and just before that the frames are still
there. A target of Process ends in `_Run` (processes.py), a thread in what threading makes to
call its excepthook, the main script in sys.excepthook.

The failure is reported as without us, after the stop. `abort` makes the task fail with
something else; it is never raised into the worker's own loop, which would not survive it.

What remains: a main script whose own excepthook does not call sys.__excepthook__ stands still
only when it exits. An initializer of ProcessPoolExecutor is logged by it, and not parked.
"""

from __future__ import annotations

import atexit
import os
import sys

from mpdebug.agent import counts, exceptions, goodbye, guard, loading, process
from mpdebug.patch import on_import, registry
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType, TracebackType
    from typing import Any

WRAPS = ("ExceptionWithTraceback", "_ExceptionWithTraceback")
MODULES = (
    "multiprocessing.pool",
    "multiprocess.pool",
    "billiard.einfo",
    "concurrent.futures.process",
    "loky.process_executor",
    "joblib.externals.loky.process_executor",
    "threading",
)
UNSENDABLE = "_sendback_result"
"""Where executors wrap a second time: a result that cannot be pickled."""

OUTSIDE = "<mpdebug>"
"""The file of what is raised for somebody who is asked outside of a stop (agent/nudge.py)."""

ENDS = (SystemExit, KeyboardInterrupt, GeneratorExit)
FROM_ELSEWHERE = frozenset({"RemoteTraceback", "_RemoteTraceback"})
"""Cause of an exception that a worker sent us: it was parked there."""

alone: dict[str, int] = {}
"""Kind → failures of this process, where they cannot be counted over all of them."""

hooked = 0
"""`id` of the exception that sys.excepthook was called with."""


def install() -> None:
    """Watch for failures from now on; only where the settings ask for it."""
    for module in MODULES:
        on_import.also(module, "failures")
    hook = registry.look_alike(_excepthook(sys.__excepthook__), sys.__excepthook__)
    if sys.excepthook is sys.__excepthook__:
        registry.put(sys, "excepthook", hook)
    registry.put(sys, "__excepthook__", hook)  # a hook of the program's own calls this one
    atexit.register(_at_exit)


def patch(module: ModuleType) -> None:
    """Wrap what a worker makes of the exception of a task, or a thread of its own."""
    registry.wrap(module, "_make_invoke_excepthook", _make_invoke_excepthook)
    for name in WRAPS:
        kind = module.__dict__.get(name)
        if kind is not None:
            registry.wrap(kind, "__init__", _wrapped)


# --- where failures come by


def _wrapped(original: Any) -> Any:
    def __init__(self: Any, exc: BaseException, *args: Any) -> None:  # noqa: N807
        caller: Any = sys._getframe(1)  # noqa: SLF001
        traceback = exc.__traceback__
        if traceback is not None and _is_of_a_task(caller.f_code.co_name, traceback):
            failed = park(exc, traceback)
            if failed is not exc:
                exc = failed
                args = (exc.__traceback__, *args[1:]) if args else args
        original(self, exc, *args)

    return __init__


def _is_of_a_task(caller: str, traceback: TracebackType) -> bool:
    """Whether a task raised it, and not the pool itself about its own affairs."""
    last = innermost(traceback).tb_frame
    inside = last.f_globals.get("__name__") == "billiard.pool"
    return caller != UNSENDABLE and (not inside or last.f_code.co_name == "workloop")


def _make_invoke_excepthook(original: Any) -> Any:
    def _make_invoke_excepthook() -> Any:
        invoke = original()

        def invoke_excepthook(thread: Any) -> None:
            error = failed = sys.exc_info()[1]
            try:
                if error is not None:
                    failed = park(error, error.__traceback__)
                if failed is None or failed is error:
                    invoke(thread)
                    return
                traceback = failed.__traceback__
                try:
                    raise failed  # noqa: TRY301 - it has to be the one that is handled
                except BaseException:  # noqa: BLE001 - it is what sys.exc_info() shall say
                    failed.__traceback__ = traceback
                    invoke(thread)
            finally:
                error = failed = None

        return invoke_excepthook

    return _make_invoke_excepthook


def _excepthook(original: Any) -> Any:
    def excepthook(*args: Any) -> Any:
        global hooked  # noqa: PLW0603
        if len(args) == 3 and isinstance(args[1], BaseException):  # noqa: PLR2004
            _, error, traceback = args
            if _ended_everything(traceback):
                hooked = id(error)
                failed = park(error, traceback)
                if failed is not error:
                    args = (type(failed), failed, failed.__traceback__)
        return original(*args)

    return excepthook


def _ended_everything(traceback: TracebackType | None) -> bool:
    """Whether nothing of what raised still runs: the program does not just print an error."""
    if traceback is None or traceback.tb_frame.f_back is not None:
        return False
    frame: Any = sys._getframe(1).f_back  # noqa: SLF001 - none, where Python called the hook
    while frame is not None and frame is not traceback.tb_frame:
        frame = frame.f_back
    return frame is None and not goodbye.was_typed(traceback)


def _at_exit() -> None:
    """The main script ended with an exception that its own excepthook kept from us."""
    error = goodbye.uncaught()
    if error is not None and id(error) != hooked:
        park(error, error.__traceback__)


# --- parking


def park(error: BaseException, traceback: TracebackType | None) -> BaseException:
    """Stand at a failure if it is one to stand at; returns what to fail with.

    That is `error`, or what was asked for with `abort`. Raises only what ends a process
    (KeyboardInterrupt, SystemExit), from a signal handler or asked for.
    """
    header = ""
    with guard.quiet:
        header = _header(error, traceback)
    if not header:
        return error
    stops = loading.stops()
    if stops is None:
        return error
    try:
        stops.stop(None, "failure", header=header, error=error, traceback=traceback)
    except Exception as asked:  # noqa: BLE001 - the task fails with this instead
        return asked.with_traceback(traceback) if is_asked_for(asked.__traceback__) else asked
    return error


def _header(error: BaseException, traceback: TracebackType | None) -> str:
    """What the stop says first; empty: not one to stand at, but it was counted."""
    here = process.check_fork()
    if here is None or not here.settings.pm or isinstance(error, ENDS):
        return ""
    if type(error.__cause__).__name__ in FROM_ELSEWHERE or is_asked_for(traceback):
        return ""
    name, place = exceptions.type_name(type(error)), where(traceback)
    key = f"{name} {place}"
    number = counts.ticket(here.settings.run, f"failed {key}")
    if not number:
        number = alone[key] = alone.get(key, 0) + 1
    if number <= most(here.settings.pm):
        file, _, line = place.rpartition(":")
        return f"{name} at {os.path.basename(file)}:{line}, parked (--pm)"
    here.event(layout.EV_FAILED, type=name, where=place, number=number)
    return ""


def most(pm: str) -> int:
    """How many failures of a kind stand still."""
    if pm == "all":
        return sys.maxsize
    return int(pm) if pm.isdigit() else 1


def where(traceback: TracebackType | None) -> str:
    """`file:line` of the innermost frame of the program, else of a library, else of any."""
    any_place = library = own = ""
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        any_place = f"{file}:{traceback.tb_lineno}"
        if not guard.is_ours_or_stdlib(file):
            if guard.PACKAGES in file:
                library = any_place
            else:
                own = any_place
        traceback = traceback.tb_next
    return own or library or any_place


def innermost(traceback: TracebackType) -> TracebackType:
    """The last entry of a traceback: where it was raised."""
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback


def is_asked_for(traceback: TracebackType | None) -> bool:
    """Whether it was raised by ours: somebody said `abort` at a stop."""
    if traceback is None:
        return False
    return innermost(traceback).tb_frame.f_code.co_filename.startswith((guard.OURS, OUTSIDE))
