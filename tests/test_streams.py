"""The streams of a program are its own: what it reads, prints and closes, as without us."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.harness import program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.harness import Both, Handshake, Lab

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    "closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-", "3</dev/null"]
)
def test_closed_and_extra_descriptors(lab: Lab, tmp_path: Path, closed: str) -> None:
    """A stream that is closed stays so, and no file of ours takes its place."""
    seen = []
    for words in ("", "-m mpdebug"):
        line = f"exec {sys.executable} {words} {program('world.py')} --to seen {closed}"
        done = lab.start(["sh", "-c", line]).finish()
        assert (done.status, done.stdout, done.stderr) == (0, b"", b"")
        seen.append(json.loads((tmp_path / "seen").read_bytes()))
        del seen[-1]["status"]["SigIgn"]
    assert seen[0] == seen[1]


def test_stdin_is_the_programs(both: Both) -> None:
    """All bytes of stdin reach the program, none is read by us."""
    data = bytes(range(256)) * 4096
    code = "import sys; d = sys.stdin.buffer.read(); print(len(d), d[-3:])"
    plain, _ = both("-c", code, input=data, stderr=True)
    assert plain.out.startswith("1048576 ")


def test_a_mixture_of_prints_keeps_its_order(lab: Lab) -> None:
    """Stdout and stderr into one pipe: the order is that of the program."""
    code = (
        "import os,sys\nfor i in range(200):\n"
        " os.write(1, b'out %d\\n' % i); os.write(2, b'err %d\\n' % i)"
    )
    outs = [
        lab.start([sys.executable, *words, "-c", code], stderr=subprocess.STDOUT).finish().out
        for words in ([], ["-m", "mpdebug"])
    ]
    assert outs[0] == outs[1]


def test_head_ends_a_program(lab: Lab, tmp_path: Path) -> None:
    """`| head -1` ends a program that prints for ever, with the same words on stderr."""
    code = "import itertools\nfor i in itertools.count(): print(i, flush=True)"
    (tmp_path / "counts.py").write_text(code)
    said = []
    for words in ("", "-m mpdebug"):
        line = f"set -o pipefail; {sys.executable} {words} counts.py | head -1"
        done = lab.start(["bash", "-c", line]).finish()
        said.append((done.out, done.err, done.status))
    assert said[0] == said[1]
    assert said[0][0] == "0\n"


def test_a_reader_sees_the_end_when_the_program_closes_its_stdout(
    lab: Lab, handshake: Callable[[], Handshake]
) -> None:
    """We hold no copy of stdout or of an inherited pipe: its end comes at once."""
    go = handshake()
    read, write = os.pipe()
    code = f"import os; os.close(1); os.close({write}); open({go.path!r}).readline()"
    started = lab.start(
        [sys.executable, "-m", "mpdebug", "-c", code],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        assert started.popen.stdout
        for fd in (started.popen.stdout.fileno(), read):
            assert select.select([fd], [], [], 20)[0]
            assert os.read(fd, 1) == b""
        assert started.popen.poll() is None
    finally:
        os.close(read)
    go.say()
    assert started.finish().status == 0


def test_a_writer_is_told_when_the_program_closes_its_stdin(
    lab: Lab, handshake: Callable[[], Handshake]
) -> None:
    """We hold no copy of stdin: whoever writes into it gets EPIPE, not a full pipe."""
    go, closed = handshake(), handshake()
    code = (
        f"import os; os.close(0); print('closed', file=open({closed.path!r}, 'w'));"
        f" open({go.path!r}).readline()"
    )
    started = lab.start([sys.executable, "-m", "mpdebug", "-c", code])
    closed.wait()
    with pytest.raises(BrokenPipeError):
        started.say("x" * 1_000_000)
    go.say()
    with contextlib.suppress(BrokenPipeError):
        assert started.finish(close_stdin=False).status == 0


def test_a_terminal_is_the_programs(lab: Lab) -> None:
    """isatty, the terminal's name and its size are the program's, and it may read there."""
    code = (
        "import os; print(os.isatty(0), os.isatty(1), os.get_terminal_size(), input('name? '))"
    )
    said = []
    for words in ([], ["-m", "mpdebug"]):
        master, slave = pty.openpty()
        started = lab.start(
            [sys.executable, *words, "-c", code], stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)
        text = b""
        while b"name? " not in text:
            text += os.read(master, 1000)
        os.write(master, b"me\n")
        with contextlib.suppress(OSError):  # EIO is the end
            while data := os.read(master, 1000):
                text += data
        os.close(master)
        assert started.popen.wait(20) == 0
        said.append(text)
    assert said[0] == said[1]
