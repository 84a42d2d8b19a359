"""The supervisor: starts the program, sees its processes end, leaves with its status.

       signals to us ──▶ signalfd ─┐
       new folders in p/ ─▶ inotify ┼─▶ one loop, one thread ──▶ exits.jsonl, the exit status
       ends of processes ─▶ pidfds ─┘
                                      another thread ──▶ the view (logs and deaths, drawn)

The program comes first. Whatever fails here (the run folder is gone, the disk is full, no
descriptor is left), the program goes on, and its exit status is what we leave with.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import threading
import time
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol

from mpdebug.rundir import bundle, inotify, layout
from mpdebug.supervisor import jobs, kernel, signals, start
from mpdebug.supervisor.exits import Exits, Watched
from mpdebug.supervisor.kernel import Sent
from mpdebug.supervisor.spares import Spares

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SETTLE = 0.1
"""Seconds that we give other processes to end after the main process did. Most that still live
then (a forkserver, executor workers) end of themselves as soon as its pipes are closed."""

LOOK_EVERY = 0.5  # seconds, where there is no inotify

GIVE_UP = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT})
"""Signals that end the showing of what is left, once the program has ended."""

NEW = inotify.CREATE | inotify.MOVED_TO  # of a folder: made by its process, or a spare taken

GRACE = 0.5  # seconds for that: a hang-up comes more than once, and what is quick can be done


class Command(NamedTuple):
    """The program as it is to be started."""

    executable: str
    argv: list[str]
    environ: Mapping[str, str]
    mask: frozenset[int] = frozenset()
    """The signals that were blocked when we were started."""
    writes_stdout: bool = False
    """Whether we ourselves write to stdout (capture), so that it stays open."""
    replaced: Mapping[int, int] = MappingProxyType({})
    """Which of its descriptors are one of ours instead: a terminal that we read (--watch)."""


class View(Protocol):
    """What shows the run while it goes on. It works in threads of its own."""

    def start(self) -> None:
        """The program was started."""

    def quit_key(self) -> None:
        r"""Ctrl-\ was pressed in our terminal. Must return at once."""

    def stands(self, *, still: bool) -> None:
        """We are about to be stopped as the program was, or go on with it."""

    def stop(self, status: int) -> None:
        """The program ended with this status; show all that is left, then return."""


def run_program(command: Command, run: str, view: View) -> int:
    """Run the program to its end; returns its exit status, negative: killed by that signal.

    All signals must be blocked already (`signals.block_all`).

    Args:
        command: the program.
        run: the path of the run folder.
        view: shows the run. What it raises is nobody's trouble but its own.

    Raises:
        OSError: the program could not be started.
    """
    supervisor = Supervisor(command, run)
    supervisor.quit_key = view.quit_key
    supervisor.stands = view.stands
    try:
        with contextlib.suppress(Exception):
            view.start()
        status = supervisor.wait()
        with contextlib.suppress(Exception):
            supervisor.finish(lambda: view.stop(status))
    finally:
        supervisor.close()
    return status


class Supervisor:
    """One program while it runs. See the module's text."""

    def __init__(self, command: Command, run: str) -> None:
        self.run = run
        self.status: int | None = None  # of the main process, as wait() tells it
        self.give_up_at = float("inf")  # somebody wants us to end, though there is more to show
        self.continued = (
            False  # we stood still and go on; the SIGCONT for it is still to be read
        )
        self.quit_key: Callable[[], None] = lambda: None
        self.stands: Callable[..., None] = lambda **_: None
        self.selector = selectors.DefaultSelector()
        self.inbox = signals.open_inbox()
        self.notify = _watch(run)
        with contextlib.suppress(OSError):
            kernel.become_subreaper()
        early = self.inbox.read()
        inherited = start.inherited()
        self.pid = start.spawn(
            command.executable,
            command.argv,
            command.environ,
            set(command.mask),
            command.replaced,
        )
        start.expect_children()
        with contextlib.suppress(OSError):  # without it each process looks for our modules
            bundle.write(run)  # while the interpreter starts, which takes longer
        for sent in early:  # nobody but us was there to get them
            if sent.number != signal.SIGCHLD:
                signals.pass_on(sent, self.pid)
        start.let_go(inherited, keep=frozenset({1} if command.writes_stdout else ()))
        start.raise_limit()
        self.exits = Exits(run, self.pid)
        self.spares = Spares(run)
        self.selector.register(self.inbox, selectors.EVENT_READ, self._on_signals)
        if self.notify is not None:
            self.selector.register(self.notify, selectors.EVENT_READ, self._on_folders)
        self._scan()

    def wait(self) -> int:
        """Until the main process has ended; returns its exit status, negative for a signal."""
        try:
            while self.status is None:
                self._turn(None)
            self.spares.close()
            end = time.monotonic() + SETTLE
            while self.exits.watched and (left := end - time.monotonic()) > 0:
                self._turn(left)
        except Exception:  # noqa: BLE001 - whatever fails here, the program's status is right
            if self.status is None:
                self.status = _wait_plainly(self.pid)
        return os.waitstatus_to_exitcode(self.status)

    def finish(self, work: Callable[[], None]) -> None:
        """Do the last work in a thread, so that a signal can still end us while it waits.

        Showing may block, where stderr is a pipe that nobody reads. Ctrl-C ends that.
        """
        done, tell = os.pipe()
        finished = False

        def note() -> None:
            nonlocal finished
            finished = True

        self.selector.register(done, selectors.EVENT_READ, note)
        thread = threading.Thread(target=_do, args=(work, tell), name="showing", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # this user may have no more threads
            _do(work, tell)
        while not finished and (left := self.give_up_at - time.monotonic()) > 0:
            self._turn(None if left == float("inf") else left)
        os.close(done)

    def close(self) -> None:
        """Give the descriptors back. Signals stay blocked."""
        with contextlib.suppress(OSError):
            self.selector.close()
            self.inbox.close()
            if self.notify is not None:
                self.notify.close()

    def _turn(self, timeout: float | None) -> None:
        """Wait for something to happen, and deal with it."""
        if self.notify is None and (timeout is None or timeout > LOOK_EVERY):
            timeout = LOOK_EVERY
        ends = []
        ready = self.selector.select(0 if self.spares.wanting else timeout)
        if not ready and self.spares.wanting:
            self.spares.make_one()
        for key, _ in ready:
            if isinstance(key.data, Watched):
                ends.append(key.data)
            else:
                key.data()
        if ends:
            self._reap()  # waiting for a child tells more than its pidfd
        for watched in ends:
            self.selector.unregister(watched.pidfd)
            self.exits.ended(watched)
        if self.notify is None:
            self._scan()

    def _reap(self) -> None:
        status = self.exits.reap()
        if status is not None:
            self.status = status

    def _on_signals(self) -> None:
        for sent in self.inbox.read():
            if sent.number == signal.SIGCHLD:
                self._reap()
                self._stop_with_program()
            if sent.number == signal.SIGCONT and self.continued:
                self.continued = False
            elif self.status is not None:
                if sent.number in GIVE_UP:
                    self.give_up_at = min(self.give_up_at, time.monotonic() + GRACE)
            elif self._is_for_program(sent):
                signals.pass_on(sent, self.pid)
            elif sent.number == signal.SIGQUIT and sent.code > 0:
                self.quit_key()

    def _is_for_program(self, sent: Sent) -> bool:
        return signals.is_for_program(
            sent,
            has_it=not jobs.left_group(self.pid),
            we_lead_session=os.getsid(0) == os.getpid(),
            is_ours=signals.is_ours,
        )

    def _stop_with_program(self) -> None:
        """When the program was stopped, stop as well, and let it go on when we go on."""
        number = jobs.stopped_by(self.pid) if self.status is None else None
        if number is None or jobs.is_held(self.run, self.pid):
            return
        if not (jobs.wants_terminal(self.pid, number) and jobs.lend_terminal(self.pid)):
            self.stands(still=True)
            jobs.stop_like(number)
            self.continued = True
            self.stands(still=False)
            if jobs.left_group(self.pid):
                jobs.lend_terminal(self.pid)
        if jobs.is_stopped(self.pid):
            jobs.go_on(self.pid)

    def _on_folders(self) -> None:
        assert self.notify is not None  # noqa: S101 - for the type checker
        for _, mask, name in self.notify.read():
            if mask & inotify.OVERFLOW:
                self._scan()
            elif mask & NEW:
                self._watch(name)

    def _scan(self) -> None:
        """Look at all process folders: those that were there before we watched."""
        with contextlib.suppress(OSError):
            for name in os.listdir(os.path.join(self.run, layout.PROCESSES)):
                self._watch(name)

    def _watch(self, name: str) -> None:
        self.spares.one_came()
        watched = self.exits.began(name)
        if watched is not None:
            try:
                self.selector.register(watched.pidfd, selectors.EVENT_READ, watched)
            except OSError:  # no more room for this user: its parent will tell
                self.exits.ended(watched)


def _watch(run: str) -> inotify.Inotify | None:
    try:
        notify = inotify.Inotify()
        notify.add(os.path.join(run, layout.PROCESSES), NEW | inotify.ONLYDIR)
    except OSError:
        return None
    return notify


def _do(work: Callable[[], None], tell: int) -> None:
    with contextlib.suppress(Exception):  # what shows the run may fail; the run may not
        work()
    os.close(tell)


def _wait_plainly(pid: int) -> int:
    """Wait for the program with nothing that needs a descriptor; returns its wait status."""
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return status
        info = signal.sigwaitinfo(signal.valid_signals())
        if info.si_code <= 0 and info.si_signo != signal.SIGCHLD:
            signals.pass_on(Sent(info.si_signo, info.si_code, info.si_pid), pid)
