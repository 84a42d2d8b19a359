"""The commands of a prompt that are about all stopped processes, beside pdb's own."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mpdebug.cli import console_text, reach
from mpdebug.diagnosis import answers
from mpdebug.diagnosis.stops import fold_names, label
from mpdebug.model import Answer, Frame
from mpdebug.observer import halting, prompts
from mpdebug.observer.living import is_servant, living_processes
from mpdebug.views import answers as view

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mpdebug.cli.console_roles import Here
    from mpdebug.model import Process, Stop

TIMEOUT = 2.0
"""Seconds to wait for the answers of all."""

CONTINUE = ("c", "cont", "continue")
WHERE = ("w", "where", "bt")
NAMED = re.compile(r"(worker +|(?=\w+-))(\S*)\Z")


@dataclass(frozen=True)
class Command:
    """One of ours.

    `run` gets the console and what stands after the word; None: the process has the command.
    """

    run: Callable[[Here, str], None] | None
    usage: str
    text: str


def find(line: str) -> Callable[[Here], None] | None:
    """What this line does here; None: it goes to the process."""
    word = console_text.first_word(line)
    rest = line[len(line) - len(line.lstrip()) + len(word) :].strip()
    if word in CONTINUE and rest in ("all", "others"):
        return partial(_continue_all, others=rest == "others")
    if word in WHERE and rest == "all":
        return _where_all
    if word in ("help", "h", "?"):
        return partial(_help, line=line, topic=rest)
    run = COMMANDS[word].run if word in COMMANDS else None
    return partial(_run, run=run, rest=rest) if run is not None else None


def _run(console: Here, *, run: Callable[[Here, str], None], rest: str) -> None:
    run(console, rest)


# --- asking all


def everybody(console: Here) -> list[Stop]:
    """All stops in the order of names: Worker-2 before Worker-10."""

    def key(stop: Stop) -> list[tuple[int, str]]:
        parts = re.split(r"(\d+)", label(stop))
        return [(int(part) if part.isdecimal() else 0, part) for part in parts]

    return sorted(console.stops(), key=key)


def ask(console: Here, expression: str) -> list[Answer]:
    """What all stopped processes say of an expression."""
    stops = everybody(console)
    found = prompts.ask_all(stops, {"eval": expression}, TIMEOUT)
    return [answer_of(stop, said) for stop, said in zip(stops, found, strict=True)]


def answer_of(stop: Stop, said: prompts.Message) -> Answer:
    """An answer as data; an error is one too."""
    if "value" in said:
        return Answer(label(stop), str(said["value"]), str(said.get("digest") or ""))
    return Answer(label(stop), f"*** {said.get('error')}")


def _all(console: Here, rest: str) -> None:
    if not rest:
        console.screen.tell("*** all EXPR: what expression?\n")
        return
    console.screen.write(view.folded(answers.fold(ask(console, rest)), console.screen.width))


def _odd(console: Here, rest: str) -> None:
    if not rest:
        console.screen.tell("*** odd EXPR: what expression?\n")
        return
    groups = answers.fold(ask(console, rest))
    console.screen.write(view.odd_ones(groups, answers.odd(groups), console.screen.width))


def _diff(console: Here, rest: str) -> None:
    questions = expressions(rest)
    if not questions:
        console.screen.tell("*** diff EXPR, EXPR, …: what expressions?\n")
        return
    stops = everybody(console)
    found = []
    for question in questions:
        said = prompts.ask_all(stops, {"eval": question}, TIMEOUT)
        found.append([answer_of(stop, one) for stop, one in zip(stops, said, strict=True)])
    console.screen.write(view.table(answers.table(questions, found), console.screen.width))


def expressions(text: str) -> list[str]:
    """The expressions of a line: separated by commas, or by blanks where that is none."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        return text.split()
    if isinstance(tree, ast.Tuple) and not text.strip().startswith("("):
        return [ast.get_source_segment(text.strip(), part) or "" for part in tree.elts]
    return [text.strip()]


def _where_all(console: Here) -> None:
    stops = everybody(console)
    found = []
    for stop, said in zip(stops, prompts.ask_all(stops, {"stack": True}, TIMEOUT), strict=True):
        given = said.get("frames")
        frames = (
            tuple(Frame(*frame) for frame in given)
            if isinstance(given, list)
            else (Frame(f"*** {said.get('error')}", 0, "?"),)
        )
        found.append((label(stop), frames))
    console.screen.write(view.stacks(answers.stacks(found), console.cwd, console.screen.width))


# --- going from one to the other


def _workers(console: Here, _: str) -> None:
    stops: dict[str, list[Stop]] = {}
    for stop in console.stops():
        stops.setdefault(stop.process, []).append(stop)
    living = [one for one in living_processes(console.path) if not is_servant(one)]
    room = max((len(one.name) for one in living), default=0)
    for process in living:
        places: list[Stop | None] = [*stops.get(process.key, ())]
        for place in places or [None]:
            mark = ">" if place is not None and console.is_here(place) else " "
            text = f"{mark} {process.name:{room}}  {process.pid:<7}  {_state(console, place)}"
            console.screen.write(view.cut(text, console.screen.width) + "\n")


def _state(console: Here, stop: Stop | None) -> str:
    if stop is None:
        return "runs"
    place = f"{view.short_path(stop.file, console.cwd)}:{stop.line} in {stop.function}"
    thread = "" if stop.main_thread else f", {stop.thread}"
    if stop.moving:
        return f"steps, from {place}{thread}"
    other = stop.client and not console.is_here(stop)
    return f"stopped at {place}{thread}" + (f", prompt of {stop.client}" if other else "")


def _worker(console: Here, rest: str) -> None:
    if not rest:
        _workers(console, rest)
        return
    stops = [stop for stop in console.stops() if _is_called(rest, stop)]
    if stops:
        if console.is_here(stops[0]):
            console.screen.tell(f"{console.who} is where you are\n")
        elif why := console.switch(stops[0]):
            console.screen.tell(f"*** {why}\n")
        return
    living = living_processes(console.path)
    found = reach.chosen(rest, living) or [one for one in living if _ends_in(rest, one.name)]
    if len(found) == 1:
        _interrupt(console, found[0])
        return
    many = ", ".join(f"{one.name} ({one.pid})" for one in found)
    console.screen.tell(f"*** {rest} is {f'one of {many}' if many else 'no living process'}\n")


def _is_called(text: str, stop: Stop) -> bool:
    return text in (stop.name, str(stop.pid), label(stop)) or _ends_in(text, stop.name)


def _ends_in(number: str, name: str) -> bool:
    """`worker 3` is Worker-3."""
    return number.isdigit() and name.endswith(f"-{number}")


def _interrupt(console: Here, process: Process) -> None:
    stop, why = reach.interrupt(console.path, process)
    if stop is None:
        why = why or f"it did not stop within {reach.WITHIN:g} s"
        console.screen.tell(f"*** {process.name}: {why}\n")
    elif why := console.switch(stop):
        console.screen.tell(f"*** {why}\n")
    else:
        console.made.add(stop.process)


def _next_stop(console: Here, _: str) -> None:
    stops = console.stops()
    at = next((n for n, stop in enumerate(stops) if console.is_here(stop)), -1)
    for stop in [*stops[at + 1 :], *stops[: max(at, 0)]]:
        if not (stop.client or stop.moving or stop.tcp) and not console.switch(stop):
            return
    console.screen.tell("no other stop waits\n")


# --- letting go


def _continue_all(console: Here, *, others: bool) -> None:
    stops = [stop for stop in console.stops() if not (console.is_here(stop) or stop.tcp)]
    gone_on, refused = release(stops, "continue")
    console.gone_on.update((stop.process, stop.n) for stop in gone_on)
    if gone_on:
        verb = "goes" if len(gone_on) == 1 else "go"
        console.screen.tell(f"{fold_names(map(label, gone_on))} {verb} on\n")
    for stop, why in refused:
        console.screen.tell(f"*** {label(stop)}: {why}\n")
    if not others:
        console.type("continue")
    elif not stops:
        console.screen.tell("no other process is stopped\n")


def release(stops: Sequence[Stop], way: str) -> tuple[list[Stop], list[tuple[Stop, str]]]:
    """Let stops go on: (those that did, those that did not and why)."""
    found = prompts.ask_all(stops, {"release": way}, TIMEOUT)
    gone_on, refused = [], []
    for stop, said in zip(stops, found, strict=True):
        if "resumed" in said or said.get("error") == prompts.GONE:
            gone_on.append(stop)
        else:
            refused.append((stop, str(said.get("error"))))
    return gone_on, refused


def _kill(console: Here, _: str) -> None:
    import signal  # noqa: PLC0415 - for this command only

    process = console.process()
    answer = console.screen.ask(f"kill {process.name} (pid {process.pid}) with SIGKILL? [y/N] ")
    if answer.lower() not in ("y", "yes"):
        console.screen.tell("not killed\n")
    elif why := halting.send(process, signal.SIGKILL):
        console.screen.tell(f"*** not killed: {why}\n")
    else:
        console.prompt = None  # the connection ends


def _hold(console: Here, _: str) -> None:
    stopped = {stop.process for stop in console.stops()}
    running = [
        one
        for one in living_processes(console.path)
        if one.key not in stopped and not is_servant(one)
    ]
    try:
        held = halting.halt(console.path, running)
    except OSError as error:
        console.screen.tell(f"*** nobody is halted: {error.strerror or error}\n")
        return
    if not held:
        console.screen.tell("no other process runs\n")
        return
    names = fold_names(process.name for process in held)
    console.screen.tell(f"halted: {names}; `release` lets them go on, and so does leaving\n")


def _release(console: Here, _: str) -> None:
    gone_on = halting.let_go(console.path, living_processes(console.path))
    names = fold_names(process.name for process in gone_on)
    console.screen.tell(f"go on: {names}\n" if names else "no process is halted\n")


# --- help and completion


COMMANDS = {
    "workers": Command(_workers, "workers", "the processes of the run, and where they stand"),
    "worker": Command(_worker, "worker NAME", "go to that one; one that runs is interrupted"),
    "next-stop": Command(_next_stop, "next-stop", "go to the next that is stopped"),
    "all": Command(_all, "all EXPR", "ask every stopped process; equal answers are one"),
    "diff": Command(_diff, "diff EXPR, …", "a table of answers; equal processes are one"),
    "odd": Command(_odd, "odd EXPR", "who answers otherwise than most"),
    "hold": Command(_hold, "hold", "halt (SIGSTOP) the processes that are not stopped"),
    "release": Command(_release, "release", "let those go on"),
    "detach": Command(None, "detach", "go on, and forget this prompt's breakpoints (Ctrl-D)"),
    "abort": Command(None, "abort [EXC]", "go on by raising BdbQuit, or that exception"),
    "kill": Command(_kill, "kill", "end this process with SIGKILL, after a question"),
}
"""Ours; those with None are carried out by the process."""

FORMS = {
    "c all": "let all stopped processes go on",
    "c others": "let all but this one go on",
    "where all": "the stacks of all; equal stacks are one",
}
"""Commands of pdb's with a word of ours behind."""


def _help(console: Here, *, line: str, topic: str) -> None:
    command = COMMANDS.get(topic)
    if command is not None:
        console.screen.write(f"{command.usage}\n        {command.text}\n")
        return
    if topic in FORMS:
        console.screen.write(f"{topic}\n        {FORMS[topic]}\n")
        return
    if not topic:
        told = {command.usage: command.text for command in COMMANDS.values()} | FORMS
        room = max(map(len, told))
        text = "".join(f"  {usage:{room}}  {what}\n" for usage, what in told.items())
        console.screen.write(
            f"Of mpdebug, about all processes:\n{text}"
            "Ctrl-C interrupts what the process evaluates, Ctrl-D detaches.\n\n"
            "Of pdb, about this one:"
        )
    console.type(line)


def names_of(console: Here, before: str) -> tuple[int, list[str]] | None:
    """Where names with a dash in them are completed: ours, and those of processes."""
    found = NAMED.match(before)
    if found is None:
        return None
    names = (
        [process.name for process in living_processes(console.path)] if found[1] else COMMANDS
    )
    return found.start(2), [name for name in names if name.startswith(found[2])]


def completions(before: str, begin: int) -> list[str] | None:
    """Ours for this word; None: after one of our commands an expression is typed."""
    head = before[:begin].split()
    word = before[begin:]
    if not head:
        return [name for name in COMMANDS if name.startswith(word)]
    if head[0] in ("all", "odd", "diff"):
        return None
    if len(head) == 1 and head[0] in (*CONTINUE, *WHERE):
        words = ("all", "others") if head[0] in CONTINUE else ("all",)
        return [name for name in words if name.startswith(word)]
    return []


def as_expression(before: str) -> tuple[str, int]:
    """`odd x.y` as pdb would have it typed, `p x.y`; and by how much all is moved."""
    word = before.split(None, 1)[0]
    return f"p{before[len(word) :]}", 1 - len(word)
