"""The agent of this process: its own folder in the run, and who it is.

`here` is the one agent, or None where this process is not observed. A forked child gets an
agent of its own before `os.fork` returns in it (`after_fork`, about 0.15 ms): no import, no
lock, no logging, no thread happens in there.
"""

from __future__ import annotations

import os
from itertools import count

from mpdebug import env
from mpdebug.agent import encode, faults, guard, identity
from mpdebug.agent.clock import Clock
from mpdebug.agent.descriptors import LineFile
from mpdebug.real import Real
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from mpdebug.settings import Settings

SPARE_NAMES = [str(number) for number in range(layout.SPARES)]

here: Agent | None = None

signals: dict[str, Any] = {}
"""The signals that readers may send, for process.json; told by `nudge`."""

on_fork: list[Callable[[], None]] = []
"""What other parts of the agent have to drop or renew in a forked child."""

on_end: list[Callable[[], None]] = []
"""What other parts of the agent have to tell when the work of this process is done."""


def work_ends() -> None:
    """The target of a child, or the main program, is done; threads may still run."""
    for tell in on_end:
        with guard.quiet:
            tell()


class Agent:
    """What this process knows about itself, and the files it writes."""

    def __init__(self, settings: Settings, who: dict[str, Any], path: str, pid: int) -> None:
        self.settings = settings
        self.pid = pid
        self.path = path
        self.who = who
        self.said_goodbye = False
        self.numbers = count()
        self.records = LineFile(f"{path}/{layout.RECORDS}", layout.TEXT_CAP)
        self.events = LineFile(f"{path}/{layout.EVENTS}", layout.TEXT_CAP)

    def hold_files(self) -> None:
        """Open the files now: later the program may have used up its descriptors or its rights.

        Not in a forked child, where each file that is made doubles the cost of the fork.
        """
        for file in (self.records, self.events):
            if not file.is_ours():
                file.open()

    def distrust(self, low: int, high: int) -> None:
        """Descriptors low to high-1 may be the program's from now on."""
        for file in (self.records, self.events):
            if low <= file.fd < high:
                file.looked = 0

    def event(self, kind: str, **fields: Any) -> None:
        """Add a line to `events`."""
        with guard.quiet:
            if Real.getpid() == self.pid:
                head = f'{{"mono":{Clock.mono()},"kind":"{kind}"'
                rest = encode.encode_object(fields)
                line = f"{head},{rest[1:]}\n" if fields else f"{head}}}\n"
                self.events.write(line.encode())

    def tell_who(self, **fields: Any) -> None:
        """Change what process.json says about this process; replaces the file as a whole."""
        with guard.quiet:
            if any(self.who.get(key) != value for key, value in fields.items()):
                self.who.update(fields)
                path = os.path.join(self.path, layout.PROCESS)
                self.write_who(f"{path}.new", os.O_TRUNC)  # one may be left, half written
                Real.rename(f"{path}.new", path)

    def write_who(self, path: str, cut: int = 0) -> None:
        """Write what process.json says; without a `cut` into an empty file. Raises OSError."""
        text = encode.encode_object(self.who)
        # Not O_TRUNC: ext4 then begins to write to the disk at once, which takes longer.
        _write(path, f"{text[:-1]},{identity.of_program()}}}\n".encode(), cut)

    def goodbye(self, kind: str, *, force: bool = False, **fields: Any) -> None:
        """Say why this process is about to end. The first word counts: it is the cause."""
        with guard.quiet:
            if (self.said_goodbye and not force) or Real.getpid() != self.pid:
                return
            self.said_goodbye = True
            said = {
                "mono": Clock.mono(),
                "time": round(Clock.now(), 6),
                "kind": kind,
                **fields,
            }
            data = encode.encode_object(said).encode() + b"\n"
            _write(os.path.join(self.path, layout.EXIT), data)

    def leave_quietly(self) -> None:
        """Nothing went wrong and the parent reads status 0: that needs no file to tell it.

        Making a file costs a forked child more than all the rest of its end. Only where the
        parent died, now or before we began, there may be nobody left who reads it.
        """
        parent = Real.getppid()
        if parent == self.who["ppid"] and parent not in {1, self.settings.supervisor}:
            self.said_goodbye = True
        else:
            self.goodbye("returned")

    def take_goodbye_back(self) -> None:
        """The end that was announced did not come: an exec failed."""
        with guard.quiet:
            self.said_goodbye = False
            Real.unlink(os.path.join(self.path, layout.EXIT))


def _write(path: str, data: bytes, cut: int = os.O_TRUNC) -> None:
    fd = Real.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | cut, 0o600)
    try:
        Real.write(fd, data)
    finally:
        Real.close(fd)


def _make_folder(run: str, pid: int) -> tuple[str, int, int]:
    """Make this process's folder; returns (path, start, n). Raises OSError."""
    start = layout.start_of() or int(Clock.now())
    for n in count():
        path = f"{run}/{layout.PROCESSES}/{pid}-{start}-{n}"
        if _take_spare(run, path):
            return path, start, n
        try:
            Real.mkdir(path, 0o700)
        except FileExistsError:
            continue
        return path, start, n
    raise AssertionError


def _take_spare(run: str, path: str) -> bool:
    """Have a folder that the supervisor made ahead; False where none is left, or it is there.

    A folder that is not empty cannot be replaced by renaming another, and none is ever empty.
    """
    for name in SPARE_NAMES:
        try:
            Real.rename(f"{run}/{layout.SPARE}/{name}", path)
        except FileNotFoundError:
            continue
        except OSError:
            return False
        return True
    return False


def begin(settings: Settings, who: dict[str, Any], ppid: int) -> Agent | None:
    """Make the agent of this process, known as `who`. None if the folder cannot be made.

    `who` has the keys of process.json that are known by now; the rest is filled in.
    """
    global here  # noqa: PLW0603
    pid = Real.getpid()
    try:
        path, start, n = _make_folder(settings.run, pid)
    except OSError as error:
        guard.debug("process", f"not observed: {error}")
        return None
    if n and not env.is_main_interpreter():  # faulthandler and the folder are the main one's
        _remove(path)  # one that was made ahead is not empty
        return None
    who = {
        "format": layout.FORMAT,
        "pid": pid,
        "start": start,
        "ppid": ppid,
        **who,
        "started": Clock.now(),
        "mono": Clock.mono(),
    }
    if n:  # an exec in the same process: it stays who it was
        who.update(identity.before_exec(os.path.dirname(path), pid, start, n))
    here = agent = Agent(settings, who, path, pid)
    try:
        who["faults"] = faults.enable(f"{path}/{layout.FAULTS}")
    except OSError:  # descriptors used up: its parent's file would be the wrong one
        faults.disable()
        who["faults"] = "none"
    if signals:
        who["signals"] = signals
    with guard.quiet:
        agent.write_who(f"{path}/{layout.PROCESS}")
    return agent


def begin_here(settings: Settings, *, light: bool = False) -> Agent | None:
    """Begin in a process that was exec'ed (or that asks for it in the middle of its life).

    `light` leaves a note that this process exists, and nothing else (the resource tracker).
    """
    who = identity.of_exec(settings)
    if not identity.is_chosen(settings, who):
        return None
    agent = begin(settings, who, Real.getppid())
    if agent is not None and light:
        faults.disable()
    elif agent is not None:
        agent.hold_files()
    return agent


interrupted: list[BaseException] = []
"""What a signal handler raised in `after_fork`; raised again where the child's work begins."""


def after_fork() -> None:
    """Give a forked child an agent of its own; drop what it inherited from its parent's.

    A callback of a fork cannot raise: a Ctrl-C that strikes in here would be printed as
    ignored, and the child would live on. For multiprocessing's children it is kept.
    """
    old = here
    if old is None:
        return
    try:
        _renew(old)
    except BaseException as error:
        with guard.quiet:
            name = layout.folder_name(Real.getpid(), layout.start_of() or 0, 0)
            _remove(f"{old.settings.run}/{layout.PROCESSES}/{name}")
        _renew(old)
        if here is None or "named" not in here.who:
            raise
        interrupted.append(error)
    finally:
        identity.not_any_more()


def _renew(old: Agent) -> None:
    global here  # noqa: PLW0603
    with guard.quiet:
        here = None
        who = identity.of_fork(old.who, Real.getpid())
        if identity.is_chosen(old.settings, who):
            begin(old.settings, who, old.pid)
        else:
            faults.disable()
        old.records.close()
        old.events.close()
        for renew in on_fork:
            renew()


def _remove(path: str) -> None:
    for name in Real.listdir(path):
        Real.unlink(f"{path}/{name}")
    Real.rmdir(path)


def records_waits() -> bool:
    """Whether what diagnosis alone wants is recorded; `--waits=off` turns it off."""
    return here is not None and here.settings.record != "off"


def check_fork() -> Agent | None:
    """The agent of *this* process, also after a fork that Python was not told of (from C)."""
    if here is not None and here.pid != Real.getpid():
        after_fork()
    return here


def leave() -> None:
    """This process turns out not to be one that was asked for: forget it."""
    global here
    old, here = here, None
    if old is not None:
        with guard.quiet:
            faults.disable()
            old.records.close()
            old.events.close()
            _remove(old.path)


def end() -> None:
    """This process is not observed any more; what it wrote stays."""
    global here  # noqa: PLW0603
    here = None
    faults.disable()
