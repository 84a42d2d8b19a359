"""Lets halted processes go on when the prompt that halted them is gone, however it ended.

A prompt can be killed, and nothing of it runs then. So a process of its own stands by: it reads
from a pipe whose other end the prompt holds, and the kernel closes that when the prompt dies.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mpdebug.model import Process

CODE = """
import os, sys
os.read(0, 1)
for word in sys.argv[3:]:
    pid, start = word.split(":")
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            stat = file.read()
        if stat[stat.rindex(b")") + 2 :].split()[19] == start.encode():
            os.kill(int(pid), int(sys.argv[1]))
    except OSError:
        pass
try:
    os.unlink(sys.argv[2])
except OSError:
    pass
"""


class Guardian:
    """Stands by as long as these processes are halted. Raises OSError if it cannot start.

    Args:
        processes: those that are about to be halted.
        signal: what lets them go on.
        note: path of the file that says who is halted; it is removed then.
    """

    def __init__(self, processes: Sequence[Process], signal: int, note: str) -> None:
        words = [f"{process.pid}:{process.start}" for process in processes]
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", CODE, str(int(signal)), note, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={},  # it is no process of any run
            start_new_session=True,  # no Ctrl-C and no hang-up of the terminal reaches it
        )

    def dismiss(self) -> None:
        """They go on by other hands: end it without a signal to them."""
        self.process.kill()
        self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()
