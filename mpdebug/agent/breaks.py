"""Live breakpoints: put into this process while it runs, by `mpdebug break` in a terminal.

`<run>/breaks.json` says which there are. It is read when a process begins (if it is there) and
when a nudge says that it changed. How a line is watched is in `monitored.py` (3.12 and newer:
the other lines cost nothing) and `traced.py` (3.11: every call and line of the thread costs).
"""

from __future__ import annotations

import os
from _json import make_scanner  # not `json`: this may happen in a forked child

from mpdebug import env
from mpdebug.agent import counts, encode, guard, process
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any

    Lines = dict[int, list["Break"]]

PATIENCE = 60.0
"""Seconds for which a stop waits where nothing else says how long: somebody asked for it."""

BIGGEST = 1 << 20


class _Json:
    """What the scanner of `json` wants to know."""

    strict = False
    object_hook = object_pairs_hook = array_hook = None
    parse_float = parse_constant = float
    parse_int = int


class Break:
    """One breakpoint as breaks.json describes it."""

    def __init__(self, said: dict[str, Any]) -> None:
        self.id = int(said["id"])
        self.file = str(said["file"])
        self.line = int(said["line"])
        self.condition = str(said.get("if") or "")
        self.pattern = str(said.get("process") or "")
        self.hits = int(said.get("hits") or 0)  # stop so often over all processes; 0: always
        self.key = f"break-{self.id}"
        self.over = False
        self.error = ""
        self.asked: tuple[object, bool] = (None, True)  # for whom the pattern was matched
        self.code: CodeType | None = None
        if self.condition:
            try:
                self.code = compile(self.condition, f"<break {self.id}>", "eval")
            except (SyntaxError, ValueError) as error:
                self.error = f"break {self.id}: {error}"
                self.over = True

    def is_for(self, who: dict[str, Any]) -> bool:
        """Whether this process is one of those that were meant."""
        if not self.pattern:
            return True
        key = who.get("name"), who.get("target")
        if self.asked[0] != key:
            from fnmatch import fnmatchcase  # noqa: PLC0415 - only patterns pay for it

            texts = [str(text) for text in (*key, who.get("pid")) if text]
            self.asked = (
                key,
                any(fnmatchcase(text, p) for text in texts for p in self.pattern.split(",")),
            )
        return self.asked[1]

    def title(self) -> str:
        """What the prompt shows first."""
        return f"break {self.id}" + (f" if {self.condition}" if self.condition else "")


breaks: dict[int, Break] = {}
places: dict[str, Lines] = {}
"""Real path of a file → its lines with breakpoints. Replaced as a whole, never changed."""

files: dict[str, str] = {}
"""Name of a file as a code object has it → its real path."""

seen: tuple[int, ...] = ()
"""What breaks.json was when it was read last."""

loading = again = False


def reload() -> None:
    """Read breaks.json, if it has changed, and watch what it says. For nudge and start.

    It may interrupt itself (it runs in a signal handler): then the outer one does it again.
    """
    global loading, again  # noqa: PLW0603
    again = True
    if loading:
        return
    loading = True
    try:
        with guard.quiet:
            while again:
                again = False
                here = process.here
                if here is not None:
                    _read(here)
    finally:
        loading = False


def _read(here: process.Agent) -> None:
    """Take over what the file says, and tell so: `mpdebug break` waits for that."""
    global breaks, places, seen  # noqa: PLW0603
    now, said = _load(f"{here.settings.run}/{layout.BREAKS}")
    if now == seen:
        return
    kept = {}
    for each in said.get("breaks") or ():
        one = Break(each)
        old = breaks.get(one.id)
        kept[one.id] = old if old is not None else one  # its hits may be over here
    breaks = kept
    places = _by_place()
    error = _watch()
    errors = [one.error for one in breaks.values() if one.error]
    here.event(
        layout.EV_BREAKS,
        version=int(said.get("version") or 0),
        ids=[] if error else [one.id for one in breaks.values() if not one.error],
        error="; ".join([error, *errors] if error else errors),
        slow=bool(places) and not env.MONITORING,
    )
    seen = now  # last: a handler of the program may raise in here; then all is read again


def _load(path: str) -> tuple[tuple[int, ...], dict[str, Any]]:
    """What the file is, and what it says; without it: nothing. Raises what a bad one raises."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return (), {}
    try:
        found = os.fstat(fd)
        text = os.read(fd, BIGGEST).decode()
    finally:
        os.close(fd)
    said: dict[str, Any] = make_scanner(_Json)(text, 0)[0]  # type: ignore[arg-type]
    if int(said.get("format") or 0) > layout.FORMAT:
        said = {}
    return (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size), said


def _by_place() -> dict[str, Lines]:
    found: dict[str, Lines] = {}
    for one in breaks.values():
        if _may_hit(one):
            found.setdefault(one.file, {}).setdefault(one.line, []).append(one)
    return found


def _watch() -> str:
    """Watch the lines of `places`, or nothing if there are none; returns why not, or ""."""
    if env.MONITORING:
        from mpdebug.agent import monitored as way  # noqa: PLC0415 - only who has breakpoints
    else:
        from mpdebug.agent import traced as way  # type: ignore[no-redef]  # noqa: PLC0415
    if not places:
        way.stop()
        return ""
    return way.start(lines_of, at)


def lines_of(code: CodeType) -> Lines | None:
    """The lines of this code object that have breakpoints; None: nor has its file any."""
    name = code.co_filename
    if name.startswith("<"):
        return None
    path = files.get(name)
    if path is None:
        path = files[name] = os.path.realpath(name)
    lines = places.get(path)
    if lines is None:
        return None
    return {line: lines[line] for *_, line in code.co_lines() if line in lines}


def at(frame: FrameType, found: list[Break]) -> bool:
    """The thread comes to a line with these breakpoints: stop, if they say so.

    Returns whether they may say so another time in this process. Raises what the person at
    the prompt asked for, and what a signal handler of the program raised.
    """
    ends = True
    header: str | None = None
    with guard.quiet:
        here = process.check_fork()
        if here is None:
            return False
        ends = False
        for one in found:
            header = _hit(one, here, frame)
            ends = ends or header is None
            if header:
                break
    if header:
        try:
            _stop(frame, header)
        except BaseException as error:
            while (place := error.__traceback__) is not None and guard.is_ours_or_stdlib(
                place.tb_frame.f_code.co_filename
            ):
                guard.drop_frame(error)  # all of ours: to the program its line has raised
            raise
    if not header and not ends:  # most often: a condition that is false
        return True
    with guard.quiet:
        if any(one.over for one in found):
            _drop_what_is_over()
    return any(_may_hit(one) for one in found)


def _stop(frame: FrameType, header: str) -> None:
    stops: Any = None
    wait: float | None = None
    with guard.quiet:
        from mpdebug.agent import stops  # noqa: PLC0415 - when it is hit

        here = process.here
        if here is not None and not (here.settings.waits or here.settings.wait):
            wait = PATIENCE
    if stops is not None:
        stops.stop(frame, "break", header=header, wait=wait)


def _hit(one: Break, here: process.Agent, frame: FrameType) -> str | None:
    """What to show if this breakpoint wants to stop here; "": not now, None: it is over."""
    if one.over or not one.is_for(here.who):
        return None
    problem = ""
    if one.code is not None:
        try:
            if not eval(one.code, frame.f_globals, frame.f_locals):  # noqa: S307 - the person's
                return ""
        except Exception as error:  # noqa: BLE001 - shown at the prompt
            said = f"{type(error).__name__}: {encode.safe_str(error)}"
            problem = f"\nthe condition could not be evaluated: {said}"
    run = here.settings.run
    number = counts.ticket(run, one.key) or counts.count_alone(run, one.key)
    header = one.title()
    if one.hits:
        one.over = number >= one.hits
        if number > one.hits:
            return None
        header += f" (hit {number} of {one.hits})"
    return header + problem


def _may_hit(one: Break) -> bool:
    """Whether it may stop this process yet. A spawned child learns its name a little later."""
    here = process.here
    if one.over or here is None:
        return False
    return not here.who.get("named", here.who["role"] != layout.WORKER) or one.is_for(here.who)


def _drop_what_is_over() -> None:
    global places  # noqa: PLW0603
    left = _by_place()
    if left != places:
        places = left
        _watch()


def forked() -> None:
    """A forked child reads again: patterns may mean it, and its parent has turned lines off."""
    global loading, seen  # noqa: PLW0603
    loading = False
    seen = ()


def remove() -> None:
    """Watch nothing any more: this process is not observed from now on."""
    global breaks, places, seen
    breaks, places, seen = {}, {}, ()
    with guard.quiet:
        _watch()


process.on_fork.insert(0, forked)  # before it is looked whether there are some
