"""multiprocessing's Process: who it is, what it was started for, how its target ended.

`_bootstrap` is the one road into the target, for all three start methods. It is patched in
place: user classes already inherit from BaseProcess, and Process is pickled by name.
"""

from __future__ import annotations

import os
import sys

from mpdebug.agent import descriptors, encode, guard, identity, mistakes, process, used_up
from mpdebug.patch import registry
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any


def patch(module: ModuleType) -> None:
    """Wrap BaseProcess.start and BaseProcess._bootstrap (multiprocessing.process and kin)."""
    kind = getattr(module, "BaseProcess", None) or getattr(module, "Process", None)
    if kind is not None:
        registry.wrap(kind, "start", _start)
        registry.wrap(kind, "_bootstrap", _bootstrap)
        code = kind.__dict__.get("exitcode")
        if isinstance(code, property) and not registry.is_ours(kind, "exitcode"):
            registry.put(kind, "exitcode", _exitcode(code))


loaded: list[bool] = []
"""Whether what each forked child needs is there: the parent loads it once for all.

Not at the fork itself: a callback there cannot raise, and a Ctrl-C would be lost.
"""


def _start(original: Any) -> Any:
    def start(self: Any, *args: Any, **kwargs: Any) -> Any:
        who: dict[str, Any] = {}
        with guard.quiet:
            who = identity.announce(self)  # start() deletes the target
            if not loaded:
                loaded.append(True)
                descriptors.load_fcntl()
                encode.quicken()
        try:
            result = original(self, *args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            mistakes.note(error)
            used_up.note(error)
            raise
        finally:
            identity.not_any_more()
        with guard.quiet:
            _started(self, who)
        return result

    return start


def _started(started: Any, who: dict[str, Any]) -> None:
    if process.here is None:
        return
    popen = getattr(started, "_popen", None)
    process.here.event(
        layout.EV_STARTED,
        pid=started.pid,
        name=who.get("name", ""),
        target=who.get("target", ""),
        method=str(getattr(popen, "method", "")),
        where=guard.where(2),
        sentinel=_inode(popen),
        **({"daemon": True} if started.daemon else {}),
    )


def _inode(popen: Any) -> int:
    """Of the pipe that tells the end of the child: under forkserver `join` waits for that."""
    try:
        return os.fstat(popen.sentinel).st_ino
    except (AttributeError, TypeError, OSError):  # not a descriptor
        return 0


looked: set[int] = set()
"""Children (pids) whose exit code the program has read; told once."""

process.on_fork.append(looked.clear)


def _exitcode(original: property) -> property:
    """The property, telling when the program reads the status of an ended child.

    The standard library reads those of its Pools' workers; to join is not to look.
    """
    read: Any = original.fget

    def exitcode(self: Any) -> Any:
        try:
            status = read(self)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        if status is not None and self.ident not in looked and process.here is not None:
            with guard.quiet:
                if not guard.is_ours_or_stdlib(sys._getframe(1).f_code.co_filename):  # noqa: SLF001
                    looked.add(self.ident)
                    process.here.event(layout.EV_EXITCODE, pid=self.ident)
        return status

    return property(exitcode, original.fset, original.fdel, original.__doc__)


def _bootstrap(original: Any) -> Any:
    def _bootstrap(self: Any, *args: Any, **kwargs: Any) -> Any:
        with guard.quiet:
            _arrive(self)
        status = None
        try:
            status = original(self, *args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        finally:
            process.work_ends()
            if process.here is not None and status == 0:
                process.here.leave_quietly()
            elif process.here is not None:
                process.here.goodbye("status", status=status)
        return status

    return _bootstrap


def _arrive(started: Any) -> None:
    """In the child, before the target runs: tell the name, look at how the target ends."""
    here = process.here
    if here is None:
        return
    if "named" not in here.who:  # a forked child knew it from the start
        who = identity.of_process(started)
        if not identity.is_chosen(here.settings, {**here.who, **who}):
            process.leave()
            return
        here.tell_who(**who)
    started.__dict__["run"] = _Run(started)  # a __setattr__ of the program's is not asked
    role = here.who["role"]
    if role == layout.POOL_WORKER:
        from mpdebug.patch import pools  # noqa: PLC0415 - loaded with the program's own

        pools.watch_tasks(started)
    elif role == layout.EXECUTOR_WORKER:
        from mpdebug.patch import executors  # noqa: PLC0415 - as above

        executors.watch_tasks(started)


class _Run:
    """Stands for `self.run` of one Process, once: notes the exception that ends it.

    Set on the object in the child only, and gone again before the real `run` begins, so that
    a `run` which looks at or pickles `self` finds nothing of ours.
    """

    __slots__ = ("own", "started")

    def __init__(self, started: Any) -> None:
        self.started = started
        self.own = {k: v for k, v in started.__dict__.items() if k == "run"}

    def __call__(self) -> Any:
        started = self.started
        started.__dict__.pop("run", None)
        started.__dict__.update(self.own)  # `p.run = work` instead of a target
        run: Callable[[], Any] = started.run
        try:
            _be_interrupted()
            return run()
        except BaseException as error:
            guard.drop_frames(error)  # more than one where it struck while we were at work
            failed = _parked(error)
            try:
                with guard.Undisturbed():  # a second Ctrl-C must not take the first one's word
                    note_end(failed)
            except BaseException as second:
                guard.drop_frames(second)
                raise
            if failed is not error:
                raise failed  # noqa: B904 - its context is the failure itself
            raise


def _be_interrupted() -> None:
    """Raise what a signal handler raised while this child was being received."""
    if process.interrupted:
        raise process.interrupted.pop()


def _parked(error: BaseException) -> BaseException:
    """With --pm: stand at the failure; returns what to end with."""
    here = process.here
    if here is None or not here.settings.pm:
        return error
    from mpdebug.patch import failures  # noqa: PLC0415 - only who asks for it pays for it

    return failures.park(error, error.__traceback__)


def note_end(error: BaseException) -> None:
    """Say goodbye with the exception that is about to end this process."""
    here = process.here
    if here is None:
        return
    with guard.quiet:
        if isinstance(error, SystemExit):
            code: object = error.code  # whatever the program gave
            said: dict[str, Any] = {"where": guard.place_of(error)}
            if code is None or isinstance(code, int):
                said["status"] = int(code or 0)
            else:
                said["status"] = 1
                said["message"] = encode.safe_str(code)[:2000]
                if not isinstance(code, str):
                    said["passed"] = encode.safe_repr(code, 2000)
            here.goodbye("exit", **said)
        else:
            descriptors.have_room()
            from mpdebug.agent import exceptions  # noqa: PLC0415 - not at every start

            used_up.note(error, guard.place_of(error), ends=True)
            here.goodbye(
                "exception", exception=exceptions.describe(error), where=guard.place_of(error)
            )
