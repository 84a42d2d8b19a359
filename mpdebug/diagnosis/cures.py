"""What to do about exceptions that come of having several processes: one sentence each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mpdebug.diagnosis import places, relations

if TYPE_CHECKING:
    from mpdebug.diagnosis.relations import Relations
    from mpdebug.model import Note, Process, Raised

GUARD = 'if __name__ == "__main__":'
UNGUARDED = "An attempt has been made to start a new process before"
MISSING = re.compile(
    r"Can't get attribute '([^']+)' on <module '__(?:mp_)?main__'"
    r"|module '__(?:mp_)?main__' has no attribute '([^']+)'"
)
UNPICKLABLE = re.compile(
    r"Can't pickle|Can't get local object|[Cc]annot pickle|can't be pickled|not picklable"
)
NO_NAME = re.compile(r"name '([^']+)' is not defined")
BY_WORDS = (
    (
        "should only be shared between processes through inheritance",
        "hand it over when the workers start: Pool(initializer=…, initargs=(…,))",
    ),
    (
        "daemonic processes are not allowed to have children",
        "Pool workers are daemons: let ProcessPoolExecutor do the outer work",
    ),
    (
        "context is being shared with a process in a",
        "make both from one context: ctx = get_context(…), then ctx.Lock() and ctx.Process(…)",
    ),
)
"""A part of an exception's message → its cure."""

NO_INPUT = "EOF when reading a line"
INPUT = (
    "the standard input of a child is /dev/null: ask in the main process, and hand the answer "
    "over as an argument"
)
MAIN_MODULE = "the main module"
"""What is not started as the path of a script: -m, -c, a folder, a zip file."""

STANDARD_INPUT = "<stdin>"
MAIN_STEPS = frozenset({"_fixup_main_from_path", "_fixup_main_from_name", "import_main_path"})
NEEDS_ARGUMENTS = re.compile(r"missing \d+ required (?:positional|keyword-only) argument")


def is_unguarded(raised: Raised) -> bool:
    """Whether a spawned child came upon `start()` as it imported the main module."""
    return raised.type == "RuntimeError" and UNGUARDED in raised.message


def used_up(process: Process) -> Note | None:
    """What it said of its descriptors, where their want ended it."""
    told = [note for note in process.notes if note.kind == "descriptors"]
    return next((note for note in reversed(told) if note.said.get("ends")), None)


def missing_name(raised: Raised) -> str:
    """The name that unpickling did not find in the main module; empty for other exceptions."""
    found = MISSING.search(raised.message) if raised.type == "AttributeError" else None
    return next(filter(None, found.groups()), "") if found else ""


def child(process: Process) -> str:
    """What kind of child it is: `a spawned child`.

    From 3.14 on the forkserver itself imports the main module, before it has any child.
    """
    if process.role == "forkserver":
        return "the forkserver"
    return "a forkserver's child" if process.method == "forkserver" else "a spawned child"


def of_startup(process: Process, raised: Raised, people: Relations) -> str:
    """The cure of an exception that ended a child before it reached its target."""
    file = main_file(people)
    if is_unguarded(raised):
        return f"put what starts processes in {file} under {GUARD}"
    if name := missing_name(raised):
        return _define(name, process, file)
    if raised.type == "EOFError":
        return "look at its parent: it could not pickle the target or the arguments"
    functions = {frame.function for frame in raised.frames}
    if MAIN_STEPS.isdisjoint(functions):
        return _of_unpickling(raised)
    if raised.type == "FileNotFoundError" and STANDARD_INPUT in raised.message:
        return (
            f"put the program into a file: {child(process)} reads it again, which standard "
            "input cannot be"
        )
    if raised.type in ("ModuleNotFoundError", "ImportError"):
        do = "make that import work there too, by PYTHONPATH or at the top of the file"
    else:
        do = f"put what should run only once under {GUARD}"
    return f"{child(process)} imports {file} again: {do}"


def _of_unpickling(raised: Raised) -> str:
    """A child that could not rebuild its target and arguments."""
    if any(frame.file.endswith("/synchronize.py") for frame in raised.frames):
        return (
            "the lock, event or queue that it was given is gone already: keep a name for it in "
            "the parent until the child has started"
        )
    return "its target and arguments could not be rebuilt there: give it plainer ones"


def of_exception(process: Process, raised: Raised, people: Relations) -> str:
    """The cure of an exception where it is one of those that processes bring; else empty."""
    text = raised.message
    if is_unguarded(raised) or missing_name(raised):
        return of_startup(process, raised, people)
    if known := next((cure for words, cure in BY_WORDS if words in text), ""):
        return known
    if raised.type == "EOFError" and text == NO_INPUT:
        return INPUT if process.method in relations.CHILDREN else ""
    if UNPICKLABLE.search(text) and _is_on_the_way(raised):
        return (
            "what goes to another process is pickled: use a function at the top of a module "
            "(no lambda, no inner one) and plain data (no lock, file, socket or generator)"
        )
    if raised.type.endswith("BrokenProcessPool") and NEEDS_ARGUMENTS.search(_all_text(raised)):
        return (
            "an exception class with required arguments cannot be unpickled: "
            "pass all of them to super().__init__(), or define __reduce__"
        )
    return _of_name_error(process, raised, people)


def _define(name: str, process: Process, file: str) -> str:
    if process.method == "fork":
        return f"define {name} before the Pool is made: a forked worker has what was there then"
    if file == MAIN_MODULE:
        return (
            f"put {name} into a module of its own and import it: {child(process)} runs nothing "
            f"of a __main__.py, of -c, or under {GUARD}"
        )
    return (
        f"define {name} at the top of {file}: what stands under {GUARD} is not run in "
        f"{child(process)}"
    )


def _of_name_error(process: Process, raised: Raised, people: Relations) -> str:
    found = NO_NAME.search(raised.message) if raised.type == "NameError" else None
    if found is None:
        return ""
    remote = raised.cause is not None and raised.cause.type.endswith("RemoteTraceback")
    spawned = process.method in relations.SPAWNED or (
        remote and any(one.method in relations.SPAWNED for one in people.run.processes)
    )
    if not spawned:
        return ""
    return (
        f"if {found[1]} is set under {GUARD}, set it above or hand it over as an argument: "
        "a spawned child does not run what stands there"
    )


def _is_on_the_way(raised: Raised) -> bool:
    """Whether it was raised on the road to another process, not by a pickle of its own."""
    files = "".join(frame.file for one in places.chain(raised) for frame in one.frames)
    return "/multiprocess" in files or "/concurrent/futures/" in files or "/billiard/" in files


def _all_text(raised: Raised) -> str:
    return raised.text + "".join(one.message for one in places.chain(raised))


def main_file(people: Relations) -> str:
    """The main script as a person would name it."""
    main = people.main
    for word in (main.argv[1:] if main else ()) or people.run.command[1:]:
        if word.endswith(".py"):
            return places.short(word, people.cwd)
    return MAIN_MODULE
