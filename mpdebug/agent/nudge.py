"""The nudge: a signal by which a reader asks this process to look at what is wanted of it.

The handler is Python and runs in the main thread, between two bytecodes or where a system call
was interrupted (PEP 475 starts it again): in sleep, read, a lock, an mp.Lock. It looks for
four things: the Ctrl-C of a prompt, live breakpoints that have changed, `ask.json`, which asks
this process to stop where it is, and `frames.ask`, which asks what it is doing. What it needs
is loaded when it is needed.

A slot that the program handles is left to it, now and later (`patch/signals.py`).
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` makes enums: 2 ms
import os
import sys
from _signal import getsignal as real_getsignal
from _signal import signal as real_signal  # before anybody wrapped it, ourselves included

from mpdebug import env
from mpdebug.agent import faults, guard, process
from mpdebug.real import Real
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from mpdebug.settings import Settings

STACKS, NUDGE = 4, 5
"""Below SIGRTMAX. The C library keeps the lowest real-time signals for itself."""

OTHERS = (6, 7, 8)
"""For stacks, where the program uses that signal itself."""

STOPPING = {f"{guard.OURS}agent{os.sep}{name}.py" for name in ("stops", "debugger", "nudge")}
"""Where code of a stop comes from."""

number = 0
"""Of the signal that we handle; 0: none."""


def install(settings: Settings, *, late: bool = False) -> None:
    """Handle the nudge, and choose the signal for stacks, where the program leaves them to us.

    Called before the agent begins, which tells the numbers in process.json.

    Args:
        settings: of the run.
        late: in the middle of the program's life, when C code may have made handlers that
            Python does not know of; those from before Python began it does know.
    """
    global number  # noqa: PLW0603
    with guard.quiet:
        if number or process.signals or not env.HAS_REALTIME_SIGNALS:
            return
        stacks, nudge = numbers(settings.signals)
        caught = _caught() if late else 0
        may_nudge = is_free(nudge, caught)
        faults.number = stacks if is_free(stacks, caught) else other(caught)
        if gets_quit_key(settings) and is_free(_signal.SIGQUIT, caught):
            faults.quit_key = _signal.SIGQUIT
        why = "the program uses that signal itself"
        if may_nudge:
            try:
                real_signal(nudge, on_nudge)
                number = nudge
            except ValueError:
                why = "mpdebug was not installed in the main thread"
        tell(why)


def gets_quit_key(settings: Settings) -> bool:
    """Whether the terminal's keys reach this process and the supervisor together."""
    if not settings.quit_key:
        return False
    try:
        return os.getpgid(settings.supervisor) == os.getpgrp()
    except OSError as error:  # nobody supervises any more
        if guard.is_from_outside(error):
            raise
        return False


def survive_quit_key(settings: Settings) -> None:
    r"""In the resource tracker, which has nothing of ours: Ctrl-\ must not end it.

    It ignores the other signals of the keyboard itself.
    """
    with guard.quiet:
        if gets_quit_key(settings) and real_getsignal(_signal.SIGQUIT) == _signal.SIG_DFL:
            real_signal(_signal.SIGQUIT, _signal.SIG_IGN)


def remove() -> None:
    """Give both slots back."""
    global number
    old, number = number, 0
    process.signals = {}
    with guard.quiet:
        faults.unregister(faults.number)
        faults.unregister(faults.quit_key)
        if old and real_getsignal(old) is on_nudge:
            real_signal(old, _signal.SIG_DFL)


def numbers(chosen: str) -> tuple[int, int]:
    """The numbers for stacks and nudge; `chosen` is "STACKS,NUDGE", or empty for our own."""
    stacks, _, nudge = chosen.partition(",")
    if stacks.isdigit() and nudge.isdigit():
        return int(stacks), int(nudge)
    return _signal.SIGRTMAX - STACKS, _signal.SIGRTMAX - NUDGE


def is_free(signal: int, caught: int) -> bool:
    """Whether nobody handles or ignores this signal, in Python or in C."""
    return not caught >> (signal - 1) & 1 and real_getsignal(signal) == _signal.SIG_DFL


def other(caught: int) -> int:
    """Another signal for stacks that nobody uses; 0 if there is none."""
    near = [_signal.SIGRTMAX - below for below in OTHERS]
    return next((signal for signal in near if is_free(signal, caught)), 0)


def _caught() -> int:
    """The mask of signals that have a handler, also those of C libraries."""
    with open("/proc/self/status", "rb") as file:
        text = file.read()
    return int(text[text.index(b"SigCgt:") + 7 :].split(None, 1)[0], 16)


def tell(why: str) -> None:
    """Keep for process.json which signals are answered, and why one is not."""
    process.signals = {"stacks": faults.number, "nudge": number}
    if not (number and faults.number):
        process.signals["why"] = why


def take_back(signal: Any) -> None:
    """The program is about to handle this signal itself: say so to the readers."""
    global number  # noqa: PLW0603
    if not isinstance(signal, int) or not signal:
        return
    if signal == faults.quit_key:
        with guard.quiet:
            faults.unregister(signal)
    if signal not in (number, faults.number):
        return
    with guard.quiet:
        if signal == number:
            number = 0
        else:
            faults.move(other(_caught()))
        tell("the program uses that signal itself")
        here = process.check_fork()
        if here is not None:
            here.tell_who(signals=process.signals)


def on_nudge(_: int, frame: FrameType | None) -> None:
    """The handler. Raises only what a person asked for at a prompt."""
    here = process.here
    if here is None or here.pid != Real.getpid():  # a fork that is not through yet
        return
    with guard.quiet:
        reload_breaks(here)
        tell_frames(here, frame)
    try:
        interrupt(innermost(frame))
        while (stops := take_request(here, frame)) is not None:
            stops.stop(innermost(frame), "attach")
    except BaseException as error:
        if guard.is_from_outside(error):  # a signal handler of the program raised it
            guard.drop_frame(error)
            raise
        asked = error
    else:
        return
    raise_from_outside(asked)


def interrupt(frame: FrameType | None) -> None:
    """Ctrl-C at a prompt: end what it evaluates, or stop a thread that steps."""
    stops: Any = sys.modules.get("mpdebug.agent.stops")
    carry_out: Any = None
    with guard.quiet:  # the import fails where a nudge strikes in the middle of it
        if stops is not None and stops.standing:
            from mpdebug.agent.interrupt import interrupt as carry_out  # noqa: PLC0415
    if carry_out is not None:
        carry_out(frame)


def reload_breaks(here: process.Agent) -> None:
    """Live breakpoints may have been set or cleared since we looked."""
    if os.path.exists(os.path.join(here.settings.run, layout.BREAKS)):
        from mpdebug.agent import breaks  # noqa: PLC0415 - where there are live breakpoints

        breaks.reload()


def tell_frames(here: process.Agent, frame: FrameType | None) -> None:
    """Somebody may want to know what all threads do, and their locals."""
    path = os.path.join(here.path, layout.FRAMES_ASK)
    if frame is not None and os.path.exists(path) and not is_importing():
        from mpdebug.agent import frames  # noqa: PLC0415 - for the few asked

        Real.unlink(path)
        frames.tell(here, frame)


def take_request(here: process.Agent, frame: FrameType | None) -> Any:
    """Whether somebody asks this process to stop where it is: the module that stops, or None.

    The request stays where it cannot be done now: in the middle of an import of the standard
    library (the debugger may need that very module), where no Python code was interrupted, and
    where the thread is at a stop, on its way into one or out of one. The reader nudges again.
    """
    with guard.quiet:
        path = os.path.join(here.path, layout.ASK)
        if frame is None or not os.path.exists(path) or is_stopping(frame) or is_importing():
            return None
        from mpdebug.agent import debugger, stops  # noqa: F401, PLC0415 - for the few asked

        Real.unlink(path)
        return stops
    return None


def is_stopping(frame: FrameType | None) -> bool:
    """Whether this thread is at work for a stop; where it steps, only between the steps."""
    while frame is not None:
        if frame.f_code.co_filename in STOPPING:
            return True
        frame = frame.f_back
    return False


def innermost(frame: FrameType | None) -> FrameType | None:
    """The innermost frame that is not ours: the program may wait inside a wrapper."""
    found = frame
    while found is not None and found.f_code.co_filename.startswith(guard.OURS):
        found = found.f_back
    return found or frame


def is_importing() -> bool:
    """Whether a module of the standard library, or of ours, is half imported."""
    for name, module in list(sys.modules.items()):
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names or top == "mpdebug":
            spec = getattr(module, "__spec__", None)
            if getattr(spec, "_initializing", False):
                return True
    return False


def raise_from_outside(error: BaseException) -> None:
    """Raise it as what it is to the program: the doing of somebody outside.

    The signal may have come in the middle of our own work, under `guard.quiet`, which lets
    through what was not raised by our code. The frames of the debugger say nothing to anybody.
    """
    names: dict[str, Any] = {}
    source = "def abort(error):\n    raise error.with_traceback(None)\n"
    exec(compile(source, "<mpdebug>", "exec"), names)  # noqa: S102 - a file name that is not ours
    names["abort"](error)
