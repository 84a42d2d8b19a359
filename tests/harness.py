"""Running programs, under mpdebug and plainly, as real processes with a deadline.

Nothing here sleeps: a test waits for a process to end, for a line to arrive or for the other
end of a FIFO, and each wait has a deadline. When one passes, the test fails with what every
process of the program was doing, and the processes are ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest

from tests import leftovers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mpdebug.model import Run

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ROOT / "tests" / "programs"
DEADLINE = 30.0
START_METHODS = ("fork", "spawn", "forkserver")

# Variables that would change what is tested; a test that wants one sets it. Of Python's own all
# but where it is at home: with PYTHONUNBUFFERED a print is two writes, and those of two
# processes mix; with PYTHONDONTWRITEBYTECODE or PYTHONWARNINGS a child is given more flags.
DROPPED = frozenset(
    ("CI", "COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")
)
KEPT = frozenset(("PYTHONHOME", "PYTHONPYCACHEPREFIX"))


def changes_tests(name: str) -> bool:
    """Whether the variable of the environment is kept from programs under test."""
    ours = name.startswith(("MPDEBUG_", "PYTHON")) and name not in KEPT
    return ours or name in DROPPED


def program(name: str) -> str:
    """The path of a program under test."""
    path = PROGRAMS / name
    assert path.exists(), f"there is no program {path}"
    return str(path)


def until(true: Callable[[], object], what: str, deadline: float = DEADLINE) -> None:
    """Look again and again until something is true; fails with `what` when it never is.

    For facts that nobody can announce, such as a file that a killed process leaves. Where a
    program can say so itself, use `Handshake`.
    """
    end = time.monotonic() + deadline
    while not true():
        if time.monotonic() > end:
            pytest.fail(f"not within {deadline:g} s: {what}")
        select.select([], [], [], 0.01)


@dataclass(frozen=True)
class Finished:
    """A program that has ended."""

    args: list[str]
    status: int
    """Exit status; negative: the signal it died of."""
    stdout: bytes
    stderr: bytes
    state_home: Path
    seconds: float

    @property
    def out(self) -> str:
        """Its stdout as text."""
        return self.stdout.decode("utf-8", "surrogateescape")

    @property
    def err(self) -> str:
        """Its stderr as text."""
        return self.stderr.decode("utf-8", "surrogateescape")

    @property
    def run_folder(self) -> Path:
        """The one run folder that was kept; fails if there is none, or more than one."""
        found = leftovers.runs(self.state_home)
        assert len(found) == 1, f"run folders: {found}\n{self}"
        return found[0]

    @property
    def run(self) -> Run:
        """The kept run as the observer reads it."""
        return read_run(self.run_folder)

    @property
    def records(self) -> list[dict[str, Any]]:
        """All log records of the kept run in the order of time, each with its `pid` added."""
        found = []
        for path in self.run_folder.glob("p/*/records.jsonl"):
            lines = path.read_bytes().splitlines()
            pid = int(path.parent.name.split("-")[0])
            found += [{**json.loads(line), "pid": pid} for line in lines]
        return sorted(found, key=lambda record: record["mono"])

    def ok(self) -> Finished:
        """Fails unless the exit status is 0; returns itself."""
        assert self.status == 0, str(self)
        return self

    def __str__(self) -> str:
        return (
            f"{' '.join(self.args)}\nended with {self.status} after {self.seconds:.2f} s\n"
            f"--- stdout\n{self.out}\n--- stderr\n{self.err}"
        )


def read_run(folder: Path) -> Run:
    """A run folder as the observer reads it."""
    from mpdebug.observer.run import read_run as read  # noqa: PLC0415 - most tests need no observer

    return read(str(folder))


class Started:
    """A program that runs; its streams are pipes unless the test said other."""

    def __init__(self, lab: Lab, args: list[str], popen: subprocess.Popen[bytes]) -> None:
        self.lab = lab
        self.args = args
        self.popen = popen
        self.pid = popen.pid
        self.began = time.monotonic()
        self.said = {"stdout": b"", "stderr": b""}

    def _stream(self, name: str) -> IO[bytes] | None:
        stream: IO[bytes] | None = getattr(self.popen, name)
        return None if stream is None or stream.closed else stream

    def _read_once(self, seconds: float) -> bool:
        """Read what is there; False if nothing came, or both streams are at their end."""
        streams = {s: n for n in self.said if (s := self._stream(n))}
        ready = select.select(list(streams), [], [], max(seconds, 0))[0] if streams else []
        for stream in ready:
            data = os.read(stream.fileno(), 1 << 16)
            if data:
                self.said[streams[stream]] += data
            else:
                stream.close()
        return bool(ready)

    def wait_for(
        self, text: str, stream: str = "stderr", deadline: float = DEADLINE, times: int = 1
    ) -> str:
        """Wait until the program has written this, so often; returns all it said there."""
        end = time.monotonic() + deadline
        while self.said[stream].count(text.encode()) < times:
            if time.monotonic() > end or self._stream(stream) is None:
                self.fail(f"never said {text!r} on {stream} (waited {deadline:g} s)")
            self._read_once(end - time.monotonic())
        return self.said[stream].decode("utf-8", "surrogateescape")

    def say(self, text: str) -> None:
        """Write to its stdin, and flush."""
        assert self.popen.stdin
        self.popen.stdin.write(text.encode())
        self.popen.stdin.flush()

    def signal(self, number: int) -> None:
        """Send a signal to the started process itself."""
        self.popen.send_signal(number)

    def finish(self, deadline: float = DEADLINE, *, close_stdin: bool = True) -> Finished:
        """Wait for its end and for the end of its output."""
        end = time.monotonic() + deadline
        if close_stdin and self.popen.stdin and not self.popen.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self.popen.stdin.close()
        while any(self._stream(name) for name in self.said):
            if not self._read_once(end - time.monotonic()) and time.monotonic() > end:
                self.fail(f"its output had no end after {deadline:g} s")
        try:
            self.popen.wait(max(end - time.monotonic(), 0.01))
        except subprocess.TimeoutExpired:
            self.fail(f"did not end within {deadline:g} s")
        return self._finished()

    def _finished(self) -> Finished:
        return Finished(
            self.args,
            self.popen.returncode if self.popen.returncode is not None else -999,
            self.said["stdout"],
            self.said["stderr"],
            self.lab.state_home,
            time.monotonic() - self.began,
        )

    def fail(self, why: str) -> None:
        """End all its processes and fail with what each of them was doing."""
        while self._read_once(0.05):
            pass
        pids = self.lab.processes()
        portraits = [leftovers.portrait(pid, abort=True) for pid in pids]
        leftovers.kill(self.lab.processes())
        self.close()
        text = "\n".join([*portraits, leftovers.stacks(self.lab.state_home)])
        pytest.fail(f"{why}\n{self._finished()}\n--- its processes\n{text}", pytrace=False)

    def close(self) -> None:
        """End it if it runs, and close the pipes."""
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()
        for stream in (self.popen.stdin, self.popen.stdout, self.popen.stderr):
            if stream is not None and not stream.closed:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


@dataclass
class Lab:
    """One test's place for programs: its folder, its runs, and all processes it started."""

    folder: Path
    mark: str
    started: list[Started] = field(default_factory=list)

    @property
    def state_home(self) -> Path:
        """XDG_STATE_HOME of the programs: run folders are below it."""
        return self.folder / "state"

    def environment(self, changes: Mapping[str, str | None] | None = None) -> dict[str, str]:
        """The environment of a program: ours without what would change a test.

        Args:
            changes: variables to set, or with None to take away.
        """
        env = {name: value for name, value in os.environ.items() if not changes_tests(name)}
        env["XDG_STATE_HOME"] = str(self.state_home)
        env[leftovers.MARK] = self.mark
        for name, value in (changes or {}).items():
            if value is None:
                env.pop(name, None)
            else:
                env[name] = value
        return env

    def start(
        self,
        argv: Sequence[str | os.PathLike[str]],
        *,
        env: Mapping[str, str | None] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        **popen: Any,
    ) -> Started:
        """Start a program; its streams are pipes unless `stdin=` and so on say other."""
        args = [os.fspath(arg) for arg in argv]
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        process = subprocess.Popen(
            args, env=self.environment(env), cwd=cwd or self.folder, **{**streams, **popen}
        )
        self.started.append(Started(self, args, process))
        return self.started[-1]

    def processes(self) -> list[int]:
        """All living processes that this test started, children of children included."""
        return leftovers.marked(self.mark)


@dataclass(frozen=True)
class Command:
    """`python [flags] -m mpdebug …`, or without us `python [flags] …`; call it to run it."""

    lab: Lab
    words: tuple[str, ...]

    def __call__(
        self,
        *args: str | os.PathLike[str],
        input: bytes | str | None = None,  # noqa: A002 - as subprocess.run calls it
        deadline: float = DEADLINE,
        flags: Sequence[str] = (),
        **how: Any,
    ) -> Finished:
        """Run it to its end.

        Args:
            args: what stands after `python -m mpdebug` (or after `python`).
            input: its stdin; without it, stdin is empty.
            deadline: seconds after which the test fails with the stacks of all processes.
            flags: the interpreter's flags.
            how: `env`, `cwd` (see `Lab.start`) and anything that Popen takes.
        """
        if input is None:
            how.setdefault("stdin", subprocess.DEVNULL)
            return self.start(*args, flags=flags, **how).finish(deadline)
        with (self.lab.folder / "stdin").open("wb+") as file:
            file.write(input if isinstance(input, bytes) else input.encode())
            file.seek(0)
            read, write = os.pipe()
            with os.fdopen(read, "rb") as pipe:
                feeder = subprocess.Popen(
                    ["cat"], stdin=file, stdout=write, stderr=subprocess.DEVNULL
                )
                os.close(write)
                started = self.start(*args, flags=flags, **{"stdin": pipe, **how})
            try:
                return started.finish(deadline)
            finally:
                feeder.kill()
                feeder.wait()

    def start(
        self, *args: str | os.PathLike[str], flags: Sequence[str] = (), **how: Any
    ) -> Started:
        """Start it and return while it runs; see `Started`."""
        return self.lab.start([sys.executable, *flags, *self.words, *args], **how)


@dataclass(frozen=True)
class Both:
    """Runs the same command plainly and under mpdebug, and compares."""

    plain: Command
    mpdebug: Command

    def __call__(
        self,
        *args: str | os.PathLike[str],
        options: Sequence[str] = (),
        stderr: bool = False,
        **how: Any,
    ) -> tuple[Finished, Finished]:
        """Run twice; fails unless stdout and exit status (and stderr, if asked) are the same.

        Args:
            args: the script and its arguments.
            options: mpdebug's own options, put before the script.
            stderr: compare stderr too.
            how: what `Command` takes.
        """
        ours = self.mpdebug(*options, *args, **how)
        plain = self.plain(*args, **how)
        assert (ours.stdout, ours.status) == (plain.stdout, plain.status), f"{ours}\n\n{plain}"
        if stderr:
            assert ours.err == plain.err, f"{ours}\n\n{plain}"
        return plain, ours


class Handshake:
    """A FIFO between a test and its program: `path` is given to the program.

    The program says something: `print("ready", file=open(path, "w"))`; the test waits for it.
    The program waits for the test: `open(path).readline()`; the test calls `say`.
    One FIFO is for one direction only.
    """

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        os.mkfifo(path)
        # Both directions, so that no open() blocks and no end of file is seen in between.
        self.fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self.lines: list[str] = []
        self.rest = b""

    def wait(self, lines: int = 1, deadline: float = DEADLINE) -> list[str]:
        """The next so many lines that the program said (without newline)."""
        end = time.monotonic() + deadline
        while len(self.lines) < lines:
            if not select.select([self.fd], [], [], max(end - time.monotonic(), 0))[0]:
                pytest.fail(f"{len(self.lines)} of {lines} lines came within {deadline:g} s")
            *whole, self.rest = (self.rest + os.read(self.fd, 1 << 16)).split(b"\n")
            self.lines += [line.decode("utf-8", "replace") for line in whole]
        answer, self.lines = self.lines[:lines], self.lines[lines:]
        return answer

    def wait_bytes(self, text: bytes, deadline: float = DEADLINE) -> None:
        """Wait for this text, where the program ends no line."""
        end = time.monotonic() + deadline
        while text not in self.rest:
            if not select.select([self.fd], [], [], max(end - time.monotonic(), 0))[0]:
                pytest.fail(f"{text!r} did not come within {deadline:g} s")
            self.rest += os.read(self.fd, 1 << 16)

    def say(self, text: str = "go") -> None:
        """Let the program go on."""
        os.write(self.fd, f"{text}\n".encode())

    def close(self) -> None:
        """Close our end."""
        os.close(self.fd)
