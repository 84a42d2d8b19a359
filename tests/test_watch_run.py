"""--watch of a run: the live tree at the bottom of the terminal, and all else above it."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
import termios
from typing import TYPE_CHECKING

import pexpect
import pytest

from mpdebug.cli.program_output import UNFINISHED
from tests.harness import program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.harness import Command, Lab
    from tests.terminals import AtTerminal

pytestmark = pytest.mark.once

PICTURE = re.compile(r"\x1b7.*?\x1b8", re.DOTALL)  # between "save the cursor" and "restore it"
REGION = re.compile(r"\x1b\[(\d*;?\d*)r")  # "1;27": rows above the picture; "": all
LIVE = r"\x1b7\x1b\[1;\d+r[^\x07]*? of \d+ live"
COMES_BACK = r"\x1b7\x1b\[r[^\x07]*\x1b8"

BROKEN = """\
import sys
from mpdebug.cli import look, main
def fail(self): raise RuntimeError("no look")
look.Look.look = fail
sys.exit(main.main(sys.argv[1:]))
"""


def modes(it: AtTerminal) -> list[object]:
    """All modes of its terminal."""
    return termios.tcgetattr(it.screen.child_fd)


def above(said: str) -> str:
    """What was written that is not the picture."""
    return PICTURE.sub("", said).replace("\x1bD", "")


@pytest.fixture
def shell(lab: Lab) -> Iterator[Callable[..., pexpect.spawn[str]]]:
    """Start a command of the shell at a terminal, in which PY is our python."""
    made: list[pexpect.spawn[str]] = []

    def start(text: str, term: str = "xterm") -> pexpect.spawn[str]:
        command = text.replace("PY", shlex.quote(sys.executable))
        it = pexpect.spawn(
            "/bin/sh",
            ["-c", command],
            env=lab.environment({"TERM": term, "NO_COLOR": "1"}),
            dimensions=(30, 80),
            encoding="utf-8",
            timeout=30,
            cwd=str(lab.folder),
        )
        it.delaybeforesend = None
        made.append(it)
        return it

    yield start
    for each in made:
        each.close(force=True)
    shutil.rmtree(lab.state_home, ignore_errors=True)


def test_lines_scroll_above(at_terminal: Callable[..., AtTerminal]) -> None:
    """600 lines of three workers arrive once and whole above the picture, and status 3."""
    it = at_terminal("--watch", program("watched.py"))
    before = modes(it)
    it.see(r"\[100 27 True\] \?")
    it.see(LIVE)
    it.see(r"waiting +\d+")
    it.type("talk\r")
    it.see(r"\?\r")
    said = above(str(it.screen.before))
    found = re.findall(r"^<(\w+) (\d+) x{40}>\r$", said, re.MULTILINE)
    assert len(found) == said.count("<") == 600
    assert {(name, str(n)) for name in ("ann", "bob", "cid") for n in range(200)} == {*found}
    it.type("end\r")
    it.screen.expect(pexpect.EOF)
    assert REGION.findall(str(it.screen.before))[-1] == "", "the picture was not taken away"
    assert modes(it) == before
    assert it.end()[0] == 3


def test_ctrl_c(at_terminal: Callable[..., AtTerminal]) -> None:
    """Ctrl-C ends the program as without us, and nothing of the picture stays."""
    it = at_terminal("--watch", program("watched.py"))
    it.see(LIVE)
    it.type("\x03")
    it.screen.expect(pexpect.EOF)
    said = str(it.screen.before)
    assert "KeyboardInterrupt" in above(said)
    assert REGION.findall(said)[-1] == ""
    assert it.has_plain_modes()
    assert it.end()[0] == -2


def test_sigterm(at_terminal: Callable[..., AtTerminal]) -> None:
    """A SIGTERM to us ends the program, and nothing of the picture stays."""
    it = at_terminal("--watch", program("watched.py"))
    it.see(LIVE)
    it.screen.kill(15)
    it.screen.expect(pexpect.EOF)
    assert REGION.findall(str(it.screen.before))[-1] == ""
    assert it.end()[0] == -15


def test_a_prompt_takes_its_place(at_terminal: Callable[..., AtTerminal]) -> None:
    """At a stop the picture goes away, the prompt answers, and the picture comes back."""
    it = at_terminal("--watch", program("watched.py"))
    it.see(LIVE)
    it.type("stop\r")
    it.see(COMES_BACK)
    it.prompt()
    it.type("p 6 * 7\r")
    it.see("42")
    assert not re.search(LIVE, str(it.screen.before))
    it.prompt()
    it.type("c\r")
    it.see(LIVE)
    it.type("end\r")
    assert it.end()[0] == 3


def test_the_window_changes(at_terminal: Callable[..., AtTerminal]) -> None:
    """A smaller window: the program is told the size above the picture, which is drawn anew."""
    it = at_terminal("--watch", program("watched.py"))
    it.see(LIVE)
    it.screen.setwinsize(24, 60)
    it.see(r"\x1b7\x1b\[1;(?:1[6-9]|20)r[^\x07]*? of \d+ live")
    it.type("\r")
    said = [r"\[60 16 True\] \?", r"\[100 27 True\] \?"]
    for _ in range(10):  # it is told when we see the change, with the next output at the latest
        if it.screen.expect(said) == 0:
            break
        it.type("\r")
    else:
        pytest.fail("the program was never told the new size")
    it.type("end\r")
    assert it.end()[0] == 3


def test_stdout_in_a_file(shell: Callable[..., pexpect.spawn[str]], lab: Lab) -> None:
    """What goes to a file is the program's bytes and no more; the picture is on stderr."""
    it = shell(f"PY -m mpdebug --watch {program('watched.py')} > out")
    it.expect(r"\[80 20 False\] \?")
    it.expect(LIVE)
    it.send("talk\r")
    it.expect(r"\[80 20 False\] \?")
    it.send("end\r")
    it.expect(pexpect.EOF)
    out = (lab.folder / "out").read_text()
    assert len(re.findall(r"^<\w+ \d+ x{40}>$", out, re.MULTILINE)) == 600
    assert "\x1b" not in out


@pytest.mark.skipif(not shutil.which("bash"), reason="needs a shell with job control")
def test_ctrl_z_and_fg(shell: Callable[..., pexpect.spawn[str]]) -> None:
    """Ctrl-Z stops it as one job, the picture goes away, and `fg` brings both back."""
    it = shell("exec bash --norc -i")
    it.send(f"{shlex.quote(sys.executable)} -m mpdebug --watch {program('watched.py')}\r")
    it.expect(LIVE)
    it.send("\x1a")
    it.expect("Stopped")
    assert REGION.findall(str(it.before))[-1] == ""
    it.send("fg\r")
    it.expect(LIVE)
    it.send("end\r")
    it.expect(COMES_BACK)
    it.send("echo status $?; exit\r")
    it.expect("status 3")


def test_a_picture_that_fails(shell: Callable[..., pexpect.spawn[str]], lab: Lab) -> None:
    """Where drawing fails that is told, and the program goes on and prints."""
    (lab.folder / "broken.py").write_text(BROKEN)
    it = shell(f"PY broken.py --watch {program('watched.py')}")
    it.expect("mpdebug: the picture failed: RuntimeError: no look")
    it.send("end\r")
    it.expect(pexpect.EOF)
    it.close()
    assert it.exitstatus == 3


def test_a_dumb_terminal(shell: Callable[..., pexpect.spawn[str]]) -> None:
    """A terminal that cannot be drawn on: it says so and runs plainly."""
    it = shell(f"PY -m mpdebug --watch {program('watched.py')}", term="dumb")
    it.expect(r"mpdebug: --watch cannot draw on this terminal \(TERM=dumb\)")
    it.expect(r"\[80 30 True\] \?")
    it.send("end\r")
    it.expect(pexpect.EOF)
    assert "\x1b" not in str(it.before)


def test_no_terminal(mpdebug: Command) -> None:
    """Without a terminal the program runs as if nothing had been asked, and that is said."""
    done = mpdebug("--watch", "-c", "print('here')").ok()
    assert done.out == "here\n"
    assert "--watch needs a terminal" in done.err


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (b"whole\x1b[31m", b""),
        (b"ab\x1b", b"\x1b"),
        (b"ab\x1b[3", b"\x1b[3"),
        (b"ab\x1b]0;title", b"\x1b]0;title"),
        (b"ab\x1b]0;title\x07", b""),
        ("aé€😀".encode(), b""),
        ("€".encode()[:2], b"\xe2\x82"),
        ("😀".encode()[:3], b"\xf0\x9f\x98"),
    ],
)
def test_unfinished(text: bytes, kept: bytes) -> None:
    """The beginning of a control sequence or of a character waits for its end."""
    found = UNFINISHED.search(text)
    assert (found[0] if found else b"") == kept
