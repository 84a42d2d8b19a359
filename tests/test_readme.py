"""The README shows and says what is so: its screen, its commands, its table of keys."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

import pytest

from mpdebug.cli import options, overview
from tests.harness import ROOT, until
from tests.test_examples import COLOURS, tour_at_a_terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness import Command, Lab
    from tests.terminals import AtTerminal

pytestmark = pytest.mark.once

README = (ROOT / "README.md").read_text("utf-8")


def entries(screen: str) -> list[str]:
    """What mpdebug said, an entry a line in the order of the alphabet, without what changes.

    Two processes may speak in one order or the other, and how wide the names are depends on
    who spoke first, so lines that go on are joined, and spaces do not count.
    """
    text = re.sub(r"^\d\d:\d\d:\d\d\.\d{3}", "TIME", screen, flags=re.MULTILINE)
    text = re.sub(r"\(pid \d+\)", "(pid N)", text)
    text = re.sub(r"(deaths \w+\s+)\(.*\)", "deaths RUN (PATH)", text)
    text = re.sub(r"ForkPoolWorker-\d", "ForkPoolWorker-N", text)
    text = re.sub(r"\((\w.*: \w+), (\w.*: \w+)\)\.", _sorted, text)
    found: list[str] = []
    for line in text.splitlines():
        if line.startswith(("TIME", "mpdebug: ")):
            found.append(line)
        elif found and line.startswith("  "):
            found[-1] += " " + line
    return sorted(" ".join(each.split()) for each in found)


def _sorted(found: re.Match[str]) -> str:
    return str(sorted(found.groups()))


@pytest.mark.once
def test_the_screen_is_the_tours(lab: Lab) -> None:
    """The screen in the README is what the tour says today."""
    (shown,) = re.findall(r"```\n(.*?)```", README, re.DOTALL)
    status, text = tour_at_a_terminal(lab)
    assert status == 0
    said = "\n".join(
        line
        for line in COLOURS.sub("", text).splitlines()
        if re.match(r"\d\d:\d\d:|mpdebug:|  ", line)
    )
    ours = re.sub(r"\n {2}File .*(\n {4}.*)*", "", "\n" + said)  # the program's own traceback
    assert entries(ours) == entries(shown)
    assert [line for line in shown.splitlines() if len(line) > 80] == []


COMMANDS = re.findall(r"^\| .* \| `(.*)` \|$", README, re.MULTILINE)


@pytest.mark.once
@pytest.mark.parametrize("typed", COMMANDS)
def test_what_it_says_to_type_is_known(mpdebug: Command, typed: str) -> None:
    """Every line of the table "You have / Type" is one that mpdebug understands."""
    words = shlex.split(typed.split("; ", maxsplit=1)[0].replace("MPDEBUG_DISABLE=1 ", ""))
    if words[:3] == ["python", "-m", "mpdebug"]:
        assert options.parse(words[3:]).program
    elif words[0] == "mpdebug":
        assert words[1] in overview.COMMANDS
        text = mpdebug(words[1], "--help").ok().out
        assert [word for word in words[2:] if word.startswith("-") and word not in text] == []
    else:
        assert typed == "import mpdebug; mpdebug.install()"


DEPENDS = re.compile(r"pid \d+|shard-[0-57]|/home/me|mpdebug:|their turn")
"""Lines of that screen that are not the same each time: who was first, where it lies."""


def test_the_screen_of_the_prompt_is_real(at_terminal: Callable[..., AtTerminal]) -> None:
    """What the README shows of the prompt can be typed, and each answer of it comes."""
    (shown,) = re.findall(r"    \$ python -m mpdebug (examples/odd.*\n(?:    .*\n)+)", README)
    first, *lines = shown.splitlines()
    it = at_terminal(str(ROOT / first))
    it.prompt()
    until(lambda: len(it.stops()) == 8, "all eight stand")
    *_, begin = [n for n, line in enumerate(lines) if "8/9) all" in line]
    for line in lines[begin:]:
        if typed := re.match(r" +\(mpdb \S+ 8/9\) (.*)", line):
            it.type(f"{typed[1]}\r")
            it.see(r"\n")
        elif not DEPENDS.search(line):
            it.see(re.escape(line.strip()))
    assert it.end()[0] == 0


@pytest.mark.once
@pytest.mark.leaves("shm")
def test_the_hang_is_told_as_it_is_shown(mpdebug: Command) -> None:
    """The command of "Why it hangs" says today what stands below it, but for pids and times."""
    (shown,) = re.findall(
        r"    \$ python -m mpdebug (--on-hang abort .*)\n((?:    .*\n)+)", README
    )
    script = str(ROOT / shown[0].split()[-1])
    done = mpdebug("--on-hang", "abort", script, cwd=str(ROOT), env={"COLUMNS": "200"})
    assert done.status == 3
    assert without_chance(done.err.replace(script, shown[0].split()[-1])) == (
        without_chance(shown[1])
    )


def without_chance(text: str) -> str:
    """One line, without pids, times, and the names of runs."""
    text = re.sub(r"\(pid \d+\)|\d+\.\d s|why \w+ +\(.*\)", "", text)
    return " ".join(text.split())


def test_the_keys_of_a_record_are_documented_in_their_order(mpdebug: Command) -> None:
    """A line of the log file has no key that the README does not have, and in its order."""
    (table,) = re.findall(r"\| Key \| \|\n\|---\|---\|\n((?:\|.*\n)+)", README)
    documented = [
        key for row in table.splitlines() for key in re.findall(r"`(\w+)`", row.split("|")[1])
    ]
    code = (
        "import logging, threading\n"
        "def f():\n"
        "    try: 1 / 0\n"
        "    except ZeroDivisionError: logging.exception('x', extra={'a': 1})\n"
        "t = threading.Thread(target=f); t.start(); t.join()"
    )
    done = mpdebug("--log-file", "log.jsonl", "-c", code).ok()
    line = json.loads((mpdebug.lab.folder / "log.jsonl").read_text())
    assert [key for key in documented if key in line] == list(line), str(done)
    assert {"time", "thread", "keys", "exception", "shown", "process"} <= set(line)
