"""Signals: what is sent to us reaches the program, once; we stop, go on and die as it does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest

from mpdebug.supervisor import signals
from mpdebug.supervisor.kernel import Sent
from tests.harness import program, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.harness import Command, Handshake, Lab

# pexpect forks, and pytest's own watchdog is a thread.
pytestmark = [
    pytest.mark.once,
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded"),
]

NAMED = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGCONT"]
SLEEP = "[select.select([], [], [], 0.05) for _ in range(1200)]"
"""A minute. In short waits, since Python sleeps through a signal that comes just before one."""


def state_of(pid: int) -> str:
    """The state letter of a process: T is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def children_of(pid: int) -> list[int]:
    """The children of the supervisor: the program, while it lives."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize("name", NAMED)
def test_a_signal_to_the_supervisor_reaches_the_program_once(
    mpdebug: Command, handshake: Callable[[], Handshake], name: str
) -> None:
    """`kill -NAME PID`, where PID is ours, is a signal to the program."""
    told = handshake()
    started = mpdebug.start(program("told_signals.py"), told.path)
    assert told.wait()[0].startswith("ready")
    for each in [name, "SIGWINCH", *["SIGTERM"] * (1 if name == "SIGTERM" else 2)]:
        started.signal(getattr(signal, each))
        assert told.wait() == [each]
    assert started.finish().status == 0


def test_a_queued_signal_keeps_its_value(plain: Command) -> None:
    """sigqueue(3) to us arrives at the program as sigqueue, with the value."""
    code = (  # in a process of its own: a thread that lets the signal in would die of it
        "import os, signal\n"
        "from mpdebug.supervisor import signals\n"
        "from mpdebug.supervisor.kernel import Sent\n"
        "number = int(signal.SIGRTMIN) + 2\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, {number})\n"
        "inbox = signals.Inbox()\n"
        "signals.pass_on(Sent(number, signals.SI_QUEUE, 1, 4242), os.getpid())\n"
        "found = [sent for sent in inbox.read() if sent.number == number]\n"
        "print(found == [Sent(number, signals.SI_QUEUE, os.getpid(), 4242)])\n"
    )
    assert plain("-c", code).ok().out == "True\n"


def from_process(number: int, pid: int = 7) -> Sent:
    return Sent(number, 0, pid)


def from_kernel(number: int) -> Sent:
    return Sent(number, 128, 0)


@pytest.mark.parametrize(
    ("sent", "has_it", "leads", "passed"),
    [
        (from_process(signal.SIGTERM), True, False, True),
        (from_process(signal.SIGTERM, 0), True, False, True),  # from outside of a container
        (from_process(signal.SIGTERM, 99), True, False, False),  # 99 is a descendant
        (from_process(signal.SIGINT), True, False, True),
        (from_process(signal.SIGCHLD), True, False, True),
        (Sent(signal.SIGCHLD, 1, 99), True, False, False),
        (from_kernel(signal.SIGINT), True, False, False),  # Ctrl-C: the whole group has it
        (from_kernel(signal.SIGTSTP), True, False, False),
        (from_kernel(signal.SIGHUP), True, False, False),
        (from_kernel(signal.SIGHUP), True, True, True),  # a hang-up: for the leader alone
        (from_kernel(signal.SIGINT), False, False, True),  # the program left our group
        (from_kernel(signal.SIGALRM), True, False, True),  # alarm(5); exec
        (from_kernel(signal.SIGXCPU), True, False, True),
    ],
)
def test_what_is_passed_on(sent: Sent, has_it: bool, leads: bool, passed: bool) -> None:
    """A process's signals are passed on, and of the kernel's what the program does not have."""
    answer = signals.is_for_program(
        sent, has_it=has_it, we_lead_session=leads, is_ours=lambda pid: pid == 99
    )
    assert answer is passed


def test_a_descendant_is_told_from_a_stranger() -> None:
    """Ourselves and our children's children are ours; our parent and init are not."""
    child = subprocess.Popen(["sh", "-c", "sleep 60 & echo $!; wait"], stdout=subprocess.PIPE)
    assert child.stdout
    grandchild = int(child.stdout.readline())
    try:
        assert all(map(signals.is_ours, (os.getpid(), child.pid, grandchild)))
        assert not any(map(signals.is_ours, (os.getppid(), 1, 0)))
    finally:
        os.kill(grandchild, signal.SIGKILL)
        child.stdout.close()
        child.wait()


def test_signals_of_the_programs_own_come_once(
    mpdebug: Command, handshake: Callable[[], Handshake]
) -> None:
    """A program that signals its group, or its parent, does that without an echo from us.

    The SIGUSR2 that is passed on afterwards says that the earlier SIGUSR1 were dealt with.
    """
    ready = handshake()
    code = (
        "import os, signal, sys\n"
        "got = []\n"
        "signal.signal(signal.SIGUSR1, lambda n, f: got.append(n))\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])\n"
        "os.killpg(0, signal.SIGUSR1)\n"
        "os.kill(os.getppid(), signal.SIGUSR1)\n"
        "print('sent', file=open(sys.argv[1], 'w'))\n"
        "signal.sigwait([signal.SIGUSR2])\n"
        "print(len(got))\n"
    )
    started = mpdebug.start("-c", code, ready.path, start_new_session=True)
    ready.wait()
    started.signal(signal.SIGUSR2)
    done = started.finish()
    assert (done.out, done.err, done.status) == ("1\n", "", 0)


def test_an_ignored_signal_stays_ignored(lab: Lab, handshake: Callable[[], Handshake]) -> None:
    """Under nohup a hang-up that reaches us changes nothing for the program."""
    ready, go = handshake(), handshake()
    code = f"print(1, file=open({ready.path!r}, 'w')); print(open({go.path!r}).read(3))"
    line = f"trap '' HUP; exec {sys.executable} -m mpdebug -c \"{code}\""
    started = lab.start(["sh", "-c", line])
    ready.wait()
    started.signal(signal.SIGHUP)
    go.say()
    assert started.finish().ok().out == "go\n\n"


def test_a_program_that_stops_itself_stops_us_too(mpdebug: Command) -> None:
    """Whoever waits for us sees us stopped by that signal, and one SIGCONT to us is enough."""
    code = (
        "import os, signal; print('a', flush=True); os.kill(os.getpid(), signal.SIGSTOP);"
        " print('b')"
    )
    started = mpdebug.start("-c", code)
    _, status = os.waitpid(started.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    assert os.WSTOPSIG(status) == signal.SIGSTOP
    assert state_of(children_of(started.pid)[0]) == "T"
    started.signal(signal.SIGCONT)
    assert started.finish().ok().out == "a\nb\n"


@pytest.mark.leaves("run")
def test_the_program_outlives_a_killed_supervisor(
    lab: Lab, mpdebug: Command, handshake: Callable[[], Handshake]
) -> None:
    """SIGKILL of the supervisor takes the viewer away, and nothing from the program."""
    ready, go, done = handshake(), handshake(), handshake()
    code = (
        f"print(1, file=open({ready.path!r}, 'w')); open({go.path!r}).readline();"
        f" print('done', file=open({done.path!r}, 'w'))"
    )
    started = mpdebug.start("-c", code)
    ready.wait()
    started.signal(signal.SIGKILL)
    assert started.popen.wait() == -signal.SIGKILL
    go.say()
    assert done.wait() == ["done"]
    until(lambda: not lab.processes(), "the program's end")


@pytest.mark.leaves("run")
def test_a_signal_ends_the_showing_of_what_is_left(
    mpdebug: Command, handshake: Callable[[], Handshake]
) -> None:
    """When nobody reads our stderr and the program has ended, SIGTERM is the end of us too."""
    ready = handshake()
    code = (
        f"print(1, file=open({ready.path!r}, 'w'))\n"
        "import logging, sys; log = logging.getLogger(); log.setLevel(10)\n"
        "log.addHandler(logging.NullHandler())\n"
        "for i in range(3000): log.info('x' * 100)\n"
        "sys.exit(7)"
    )
    started = mpdebug.start("-c", code)
    ready.wait()
    until(lambda: not children_of(started.pid), "the program's end")
    started.signal(signal.SIGTERM)
    assert started.popen.wait(20) == 7


def test_without_a_signalfd_signals_are_passed_on_too(
    lab: Lab, handshake: Callable[[], Handshake]
) -> None:
    """Where signals do not tell their sender, those that no terminal sends are passed on."""
    told = handshake()
    code = (
        "import sys; from mpdebug import env; env.HAS_SIGINFO = env.HAS_INOTIFY = False;"
        f"sys.argv[1:] = [{program('told_signals.py')!r}, {told.path!r}];"
        "sys.orig_argv = sys.orig_argv[:1];"
        "from mpdebug.cli.main import console; console()"
    )
    started = lab.start([sys.executable, "-c", code])
    told.wait()
    for name in ("SIGUSR1", "SIGTERM", "SIGTERM"):
        started.signal(getattr(signal, name))
        assert told.wait() == [name]
    assert started.finish().status == 0


# Terminals. pexpect starts each program as the leader of a session with a terminal of its own.


@pytest.fixture
def terminal(lab: Lab) -> Iterator[Callable[..., pexpect.spawn]]:
    """Start a program on a terminal of its own."""
    spawned = []

    def start(*words: str) -> pexpect.spawn:
        child = pexpect.spawn(
            words[0], list(words[1:]), env=lab.environment({"PS1": "$ "}), timeout=20,
            cwd=str(lab.folder), encoding="utf-8", echo=False,
        )  # fmt: skip
        spawned.append(child)
        return child

    yield start
    for child in spawned:
        if not child.ptyproc.fileobj.closed:
            child.close(force=True)


@pytest.fixture
def shell(terminal: Callable[..., pexpect.spawn]) -> pexpect.spawn:
    """An interactive bash, in which `mpdebug` is python -m mpdebug."""
    child = terminal("bash", "--norc", "--noprofile", "-i")
    child.expect_exact("$ ")
    child.sendline(f"alias mpdebug='{sys.executable} -m mpdebug'")
    child.expect_exact("$ ")
    return child


@pytest.mark.parametrize("more", [[], ["group"]], ids=["in our group", "with its own group"])
def test_ctrl_c_reaches_the_program_once(
    terminal: Callable[..., pexpect.spawn],
    handshake: Callable[[], Handshake],
    more: list[str],
) -> None:
    """What a terminal sends to the group is not sent on, unless the program left it."""
    told = handshake()
    child = terminal(
        sys.executable, "-m", "mpdebug", program("told_signals.py"), told.path, *more
    )
    told.wait()
    child.sendintr()
    assert told.wait() == ["SIGINT"]
    os.kill(child.pid, signal.SIGUSR1)
    assert told.wait() == ["SIGUSR1"]
    for _ in range(2):
        os.kill(child.pid, signal.SIGTERM)
        assert told.wait() == ["SIGTERM"]
    child.expect(pexpect.EOF)
    child.wait()
    assert (child.exitstatus, child.before) == (0, "")


def test_ctrl_c_kills_as_without_us(terminal: Callable[..., pexpect.spawn]) -> None:
    """The traceback of KeyboardInterrupt, nothing of ours, and a death by SIGINT."""
    said = []
    for words in ([], ["-m", "mpdebug"]):
        child = terminal(
            sys.executable, *words, "-c", f"import select; print('ready', flush=True); {SLEEP}"
        )
        child.expect_exact("ready\r\n")
        child.sendintr()
        child.expect(pexpect.EOF)
        child.wait()
        assert "mpdebug" not in child.before
        said.append((child.before.splitlines()[-1], child.signalstatus))
    assert said[0] == said[1]
    assert said[0][1] == signal.SIGINT


def test_a_closed_terminal_ends_the_program(
    lab: Lab, terminal: Callable[..., pexpect.spawn], handshake: Callable[[], Handshake]
) -> None:
    """A hang-up goes to the session's leader alone; if that is us, we pass it on."""
    ready = handshake()
    code = f"import select; print(1, file=open({ready.path!r}, 'w')); {SLEEP}"
    child = terminal(sys.executable, "-m", "mpdebug", "-c", code)
    ready.wait()
    child.ptyproc.fileobj.close()
    until(lambda: not lab.processes(), "the end of supervisor and program")
    child.wait()
    assert child.signalstatus == signal.SIGHUP


def test_a_shell_whose_terminal_is_closed_takes_us_along(
    lab: Lab, shell: pexpect.spawn, handshake: Callable[[], Handshake]
) -> None:
    """A hang-up of an interactive shell ends its jobs, the supervisor and the program too."""
    ready = handshake()
    code = f"import select; print(1, file=open('{ready.path}', 'w')); {SLEEP}"
    shell.sendline(f'mpdebug -c "{code}"')
    ready.wait()
    shell.ptyproc.fileobj.close()
    until(lambda: not lab.processes(), "the end of all processes")
    shell.wait()


@pytest.mark.parametrize("group", ["", "os.setpgid(0, 0);"], ids=["", "with its own group"])
def test_ctrl_z_and_fg(shell: pexpect.spawn, group: str) -> None:
    """Ctrl-Z gives the shell its prompt, fg the program its terminal."""
    code = (
        f"import os; {group} print('got', input('rea' 'dy '), flush=True);"
        " print(input('mo' 're '))"  # what is typed is echoed, and is not what we wait for
    )
    shell.sendline(f'mpdebug -c "{code}"')
    shell.expect_exact("ready ")
    shell.sendcontrol("z")
    shell.expect_exact("Stopped")
    shell.expect_exact("$ ")
    shell.sendline("fg")
    shell.expect("mpdebug -c.*\r\n")
    shell.sendline("one")
    shell.expect_exact("got one")
    shell.expect_exact("more ")
    shell.sendcontrol("z")
    shell.expect_exact("Stopped")
    shell.expect_exact("$ ")
    shell.sendline("fg")
    shell.expect("mpdebug -c.*\r\n")
    shell.sendline("two")
    shell.expect_exact("two\r\n")
    shell.sendline("echo status $?")
    shell.expect_exact("status 0")


def test_in_the_background(shell: pexpect.spawn) -> None:
    """With & the program runs, stops when it reads the terminal, and goes on with fg."""
    shell.sendline("mpdebug -c \"print('ru' 'ns', flush=True); print('got', input())\" &")
    shell.expect_exact("runs")
    shell.sendline("wait %1; jobs")
    shell.expect_exact("Stopped")
    shell.sendline("fg")
    shell.sendline("it")
    shell.expect_exact("got it")


def test_stty_and_terminal_modes_are_the_programs(shell: pexpect.spawn) -> None:
    """A password prompt turns the echo off and on again, as without us."""
    shell.sendline("mpdebug -c \"import getpass; print(getpass.getpass('sec' 'ret? ')[::-1])\"")
    shell.expect_exact("secret? ")
    shell.sendline("abc")
    shell.expect_exact("cba")
