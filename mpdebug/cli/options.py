"""The options of a run: the table of them, and reading them.

By hand and not with argparse: everything after the script belongs to the program, and argparse
would cost the start of every program 15 ms. The first argument that is no option ends ours.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from mpdebug.errors import SettingsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

LEVELS = ("debug", "info", "warning", "error", "critical")
FILE = "pyproject.toml"
TABLE = "tool.mpdebug"


class Option(NamedTuple):
    """One option: `--NAME`, a switch, or with a value: `--NAME VALUE` or `--NAME=VALUE`.

    (Here and in the supervisor no dataclass: they import `inspect`, 10 ms before each program.)
    """

    name: str
    help: str
    value: str = ""  # what the value is called in the help; empty: a switch
    choices: tuple[str, ...] = ()
    number: bool = False  # a whole number may stand for a choice
    path: bool = False
    listed: bool = False  # pyproject.toml may give it as a list
    check: str = ""  # the function of `values` that reads it
    implied: str = ""  # the value of `--NAME` alone; another one only with `=`
    typed: bool = False  # never from a file: what lies in a folder shall open no door


OPTIONS = (
    Option("logs", "records to show: auto (those that the program does not show), all, off",
           "WHICH", ("auto", "all", "off")),
    Option("level", "show records of this level and above", "LEVEL", LEVELS, number=True),
    Option("log-file", "write all records to a file, a JSON object a line", "FILE", path=True),
    Option("watch", "draw the live tree of its processes at the bottom of this terminal"),
    Option("capture", "put its process's name before each line that is printed"),
    Option("mp-log", "turn on multiprocessing's own log: subdebug, debug, …", "LEVEL",
           ("subdebug", "subwarning", *LEVELS), number=True),
    Option("run-dir", "keep the run in this new or empty folder", "DIR", path=True),
    Option("keep", "keep the run folder, however the program ends"),
    Option("only", "observe only children that match (name, target or command line)",
           "PATTERN", listed=True),
    Option("ignore", "do not observe children that match", "PATTERN", listed=True),
    Option("fold", "show equal records of many processes as one line (--no-fold: each)"),
    Option("breakpoints", "at a breakpoint: stop, report (write it down and go on), ignore",
           "WHAT", ("stop", "report", "ignore")),
    Option("prompt", "open a prompt in this terminal at a stop: auto, never", "WHEN",
           ("auto", "never")),
    Option("wait", "how long a stop waits for somebody (default: for ever at a terminal)",
           "SECONDS", check="seconds"),
    Option("script", "debugger commands at each stop: 'w;;pp locals();;c'", "COMMANDS",
           typed=True),
    Option("fail-on-stop", "end with status 1 if anything stopped at a breakpoint"),
    Option("strict", "end with status 1 if work was lost, or a failure that nobody looked at"),
    Option("pm", "keep failed processes alive to look at: first of a kind, all, or so many",
           "WHICH", ("first", "all"), check="count", implied="first"),
    Option("hang-after", "tell suspicions too when nothing moved for so long", "SECONDS",
           check="seconds"),
    Option("on-hang", "when a hang is told: report, stop it for a prompt, abort "
           "(end with status 3)", "WHAT", ("report", "stop", "abort")),
    Option("tcp", "breakpoints are ports for telnet: anybody on this machine can get in",
           typed=True),
    Option("waits", "record who holds locks: full (since when, where), owner, off", "WHAT",
           ("full", "owner", "off")),
    Option("signals", "our two signals (names, numbers) instead of SIGRTMAX-4 and SIGRTMAX-5",
           "A,B", listed=True, check="signals"),
    Option("debug", "write what mpdebug itself does: patch, process, guard, …, all",
           "CATEGORIES", listed=True),
)  # fmt: skip
BY_NAME = {option.name: option for option in OPTIONS}

OF_PYTHON = frozenset("bBdEiIJOPqRsStuvWxX?")
"""Interpreter flags that have their place before `-m mpdebug`."""


class RunOptions:
    """What was asked for, and the program: its words as python gets them."""

    def __init__(self) -> None:
        self.logs = "auto"
        self.level = ""
        self.log_file = ""
        self.watch = False
        self.capture = False
        self.mp_log = ""
        self.run_dir = ""
        self.keep = False
        self.only = ""
        self.ignore = ""
        self.fold = True
        self.breakpoints = "stop"
        self.prompt = "auto"
        self.wait = ""  # seconds
        self.script = ""
        self.fail_on_stop = False
        self.strict = False
        self.pm = ""
        self.hang_after = ""  # seconds
        self.on_hang = "report"
        self.tcp = False
        self.waits = "full"
        self.signals = ""  # two numbers
        self.debug = ""
        self.program: list[str] = []
        """`script.py args`, `-m module args`, `-c code args` or `- args`; or none was given."""
        self.asked = ""  # "help" or "version", where that was asked for instead of a run
        self.verbose = False

    def as_settings(self) -> dict[str, Any]:
        """What was asked for, by the names of the options (for run.json)."""
        return {option.name: getattr(self, _field(option.name)) for option in OPTIONS}


def _field(name: str) -> str:
    return name.replace("-", "_")


def parse(arguments: list[str]) -> RunOptions:
    """Read the command line of a run.

    Raises:
        UsageError: an option that we do not have, or a value that it cannot have.
        SettingsError: the same in pyproject.toml.
    """
    given: dict[str, str | bool] = {}
    options = RunOptions()
    rest = list(arguments)
    while rest:
        word = rest[0]
        if word in {"-h", "--help"}:
            options.asked = options.asked or "help"
        elif word in {"-V", "--version"}:
            options.asked = options.asked or "version"
        elif word == "--verbose":
            options.verbose = True
        elif word.startswith("--") and word != "--":
            name, value, used = _option(rest)
            given[name] = value
            del rest[:used]
            continue
        else:
            options.program = _program(rest)
            break
        del rest[0]
    with contextlib.suppress(FileNotFoundError):  # the working directory was removed
        given = {**from_file(os.getcwd()), **given}
    for name, value in given.items():
        setattr(options, _field(name), value)
    return options


def _option(rest: list[str]) -> tuple[str, str | bool, int]:
    """The option at the head of `rest`: its name, its value, and how many words it took."""
    word, equals, value = rest[0][2:].partition("=")
    switch = word.removeprefix("no-")
    option = BY_NAME.get(word) or BY_NAME.get(switch)
    if option is None or (option.value and word != option.name):
        raise UsageError(
            f"there is no option --{word}",
            near(word, [*BY_NAME, "help", "version", "no-fold"], "Did you mean --{}?"),
        )
    if not option.value:
        if equals:
            raise UsageError(f"--{word} takes no value", f"Type: --{word}")
        return option.name, word == option.name, 1
    if equals:
        return option.name, checked(option, value, f"--{word}"), 1
    if option.implied:
        return option.name, option.implied, 1
    if len(rest) < 2:  # noqa: PLR2004
        raise UsageError(f"--{word} needs a value", f"Type: --{word}={option.value}")
    return option.name, checked(option, rest[1], f"--{word}"), 2


def _program(rest: list[str]) -> list[str]:
    """The words of the program, from the first that is no option of ours."""
    word = rest[0]
    if word == "--":
        return rest[1:]
    if not word.startswith("-") or word == "-":
        return rest
    if word[:2] in {"-m", "-c"}:
        if len(word) == 2 and len(rest) == 1:  # noqa: PLR2004
            what = "the name of a module" if word == "-m" else "code"
            raise UsageError(f"{word} needs {what}", f"Type: python -m mpdebug {word} …")
        return rest
    if word[1] in OF_PYTHON:
        words = 2 if word in {"-W", "-X"} else 1  # these have a value
        before, behind = " ".join(rest[:words]), " ".join(rest[words:])
        raise UsageError(
            f"{word} is an option of python",
            f"Put it before ours: python {before} -m mpdebug {behind}".rstrip(),
        )
    raise UsageError(f"there is no option {word}")


def checked(option: Option, value: str, told: str) -> str:
    """The value of an option if it is one that it can have.

    Raises:
        UsageError: it is not; `told` names the option.
    """
    if not value:
        raise UsageError(f"{told} needs a value", f"Type: {told}={option.value}")
    if value.lower() in option.choices:
        return value.lower()
    if option.check and (not option.choices or value[:1].isdigit()):
        from mpdebug.cli import values  # noqa: PLC0415  # only for who uses these options

        check: Callable[[str, str], str] = getattr(values, option.check)
        return check(value, told)
    if not option.choices or (option.number and value.isdigit()):
        return value
    number = option.number or option.check == "count"
    listed = ", ".join(option.choices) + (" or a number" if number else "")
    raise UsageError(f"{told} cannot be {value!r}", f"It is one of: {listed}")


def near(word: str, words: list[str], text: str) -> str:
    """`text` with the word of these that is nearest to a mistyped one; "" if none is near."""
    import difflib  # noqa: PLC0415  # only for who mistyped

    found = difflib.get_close_matches(word, words, 1, 0.7)
    return text.format(found[0]) if found else ""


def from_file(folder: str) -> dict[str, str | bool]:
    """The settings that the nearest pyproject.toml has in [tool.mpdebug], by option name.

    Args:
        folder: where to begin; the folders above it follow.

    Raises:
        SettingsError: a name or a value that we do not know, or a broken file.
    """
    path = _nearest(folder)
    if not path:
        return {}
    with open(path, "rb") as file:
        text = file.read()
    if b"mpdebug" not in text:
        return {}
    import tomllib  # noqa: PLC0415  # only where there may be something for us

    try:
        table = tomllib.loads(text.decode()).get("tool", {}).get("mpdebug", {})
    except ValueError as error:
        raise SettingsError(f"cannot read {path}: {error}", "Mend the file.") from error
    return {name: _setting(name, value, path) for name, value in table.items()}


def _nearest(folder: str) -> str:
    while True:
        path = os.path.join(folder, FILE)
        if os.path.isfile(path) and os.access(path, os.R_OK):
            return path
        above = os.path.dirname(folder)
        if above == folder:
            return ""
        folder = above


def _setting(name: str, value: object, path: str) -> str | bool:
    """One setting of the file as the command line would have given it."""
    where = f"[{TABLE}] {name} in {path}"
    option = BY_NAME.get(name)
    if option is None:
        names = ", ".join(BY_NAME)
        cure = near(name, list(BY_NAME), "Did you mean {}?") or f"There are: {names}"
        raise SettingsError(f"there is no setting {where}", cure)
    if option.typed:
        raise SettingsError(
            f"{where} is not taken from a file", f"Type it: python -m mpdebug --{name} …"
        )
    if not option.value:
        if isinstance(value, bool):
            return value
        raise SettingsError(f"{where} must be true or false")
    if option.listed and isinstance(value, list) and all(isinstance(v, str) for v in value):
        value = ",".join(value)
    if value is True and option.implied:
        value = option.implied
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise SettingsError(f"{where} must be text")
    try:
        text = checked(option, str(value), where)
    except UsageError as error:
        raise SettingsError(str(error), error.cure) from error
    return os.path.join(os.path.dirname(path), text) if option.path else text
