"""The signals that come to the supervisor, and which of them the program has to get.

The problem. The person's shell, `kill`, `timeout`, a service manager: all know one process, and
that is us. What is sent to us is meant for the program. But what a terminal sends (Ctrl-C,
Ctrl-Z, a hang-up) goes to the whole process group, and the program has it already: two
KeyboardInterrupts are not one.

What does not work. Handlers do not tell who sent a signal, and SIG_IGN is inherited by the
program. Sending on everything doubles each Ctrl-C; sending on nothing loses `kill PID`.

What is done. All signals are blocked in every thread of the supervisor, and read from a
signalfd: it tells the sender and whether it was a process or the kernel. Dispositions stay as
they were, and the program starts with the mask that we inherited.

What remains. A process that signals our whole group (`kill -TERM -PGID`) reaches the program
twice; nothing tells such a signal from one that was sent to us alone.
"""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING

from mpdebug import env
from mpdebug.supervisor import kernel
from mpdebug.supervisor.kernel import Sent

if TYPE_CHECKING:
    from collections.abc import Callable

SI_QUEUE = -1

OF_A_TERMINAL = frozenset(
    getattr(signal, name)
    for name in (
        "SIGINT",
        "SIGQUIT",
        "SIGTSTP",
        "SIGTTIN",
        "SIGTTOU",
        "SIGHUP",
        "SIGCONT",
        "SIGWINCH",
    )
    if hasattr(signal, name)
)
"""What the kernel sends to a whole process group; its other signals are for one process."""


def block_all() -> set[int]:
    """Block every signal in this thread and those it will start; returns the mask before."""
    return {int(s) for s in signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())}


class Inbox:
    """Where the signals of this process arrive. `fileno()` is ready when there are some."""

    def __init__(self) -> None:
        self.fd = kernel.open_signalfd({int(s) for s in signal.valid_signals()})

    def fileno(self) -> int:
        """The descriptor, for epoll."""
        return self.fd

    def read(self) -> list[Sent]:
        """The signals that came since the last call."""
        return kernel.read_signalfd(self.fd)

    def close(self) -> None:
        """Give the descriptor back; signals stay blocked."""
        os.close(self.fd)


class HandlerInbox:
    """The same where there is no signalfd: Python's handlers and a pipe.

    Nobody tells who sent a signal, so each counts as sent by a process unless a terminal could
    have sent it. Signals that we inherited as ignored stay ignored.
    """

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        for fd in (self.reading, self.writing):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(self.writing, warn_on_full_buffer=False)
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            ours = number in {signal.SIGCHLD, signal.SIGINT}
            if ours or signal.getsignal(number) is signal.SIG_DFL:
                with contextlib.suppress(OSError, ValueError):
                    signal.signal(number, lambda *_: None)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    def fileno(self) -> int:
        """The descriptor, for select."""
        return self.reading

    def read(self) -> list[Sent]:
        """The signals that came since the last call."""
        try:
            numbers = os.read(self.reading, 4096)
        except BlockingIOError:
            return []
        return [Sent(number, 128 if number in OF_A_TERMINAL else 0, 0) for number in numbers]

    def close(self) -> None:
        """Give the pipe back."""
        signal.set_wakeup_fd(-1)
        os.close(self.reading)
        os.close(self.writing)


def open_inbox() -> Inbox | HandlerInbox:
    """The best inbox that this system has. All signals must be blocked already."""
    if env.HAS_SIGINFO:
        with contextlib.suppress(OSError):
            return Inbox()
    return HandlerInbox()


def is_for_program(
    sent: Sent, *, has_it: bool, we_lead_session: bool, is_ours: Callable[[int], bool]
) -> bool:
    """Whether the program has to get a signal that came to the supervisor.

    Args:
        sent: the signal.
        has_it: what a terminal sends to our process group reaches the program too, or would
            not have reached it without us.
        we_lead_session: the supervisor is a session leader: the hang-up of its terminal goes
            to it alone, and reaches the others when it ends.
        is_ours: whether a pid is the supervisor itself or one of its descendants. What those
            send reached the program already (a kill of the group), or was meant for the parent
            that the program would have without us.
    """
    if sent.number == signal.SIGCHLD and sent.code > 0:
        return False
    if sent.code > 0:
        if sent.number not in OF_A_TERMINAL or not has_it:
            return True
        return sent.number == signal.SIGHUP and we_lead_session
    return not (sent.pid and is_ours(sent.pid))


def is_ours(pid: int) -> bool:
    """Whether a pid is this process or a descendant of it; False where it has ended."""
    us = os.getpid()
    for _ in range(100):
        if pid == us:
            return True
        if pid <= 1:
            return False
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                stat = file.read()
        except OSError:
            return False
        pid = int(stat[stat.rindex(b")") + 2 :].split()[1])
    return False


def pass_on(sent: Sent, pid: int) -> None:
    """Send the signal to the program, with the value that sigqueue() gave it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sent.code == SI_QUEUE and env.LINUX:
            kernel.queue_signal(pid, sent.number, sent.value)
        else:
            os.kill(pid, sent.number)
