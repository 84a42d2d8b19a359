"""Stacks with the frames of C code, by py-spy where it is installed.

It traces, so it needs the right to (the same user and an open Yama, or root), and it stops a
process for some milliseconds.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from mpdebug.model import Frame
from mpdebug.model_stacks import ThreadStack
from mpdebug.observer.facts import as_int, as_text

if TYPE_CHECKING:
    from collections.abc import Iterable

WITHIN = 20.0
"""Seconds for one process: large programs have many symbols."""

Stacks = tuple[tuple[ThreadStack, ...], str]


def program() -> str:
    """The path of py-spy, beside our interpreter or on PATH; empty where there is none."""
    beside = os.path.join(os.path.dirname(sys.executable), "py-spy")
    return beside if os.access(beside, os.X_OK) else shutil.which("py-spy") or ""


def dump(pids: Iterable[int], *, native: bool = True) -> list[Stacks]:
    """For each process (its threads, "") or ((), why they cannot be told).

    Args:
        pids: of living Python processes.
        native: with the frames of C code.
    """
    command = [program(), "dump", "--json", *(["--native"] if native else []), "--pid"]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda pid: _dump([*command, str(pid)], pid), pids))


def _dump(command: list[str], pid: int) -> Stacks:
    try:
        done = subprocess.run(command, capture_output=True, timeout=WITHIN, check=False)
        said = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return (), f"py-spy did not answer within {WITHIN:g} s"
    except OSError as error:
        return (), f"py-spy cannot be run: {error.strerror}"
    except ValueError:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        return (), f"py-spy: {lines[-1] if lines else f'status {done.returncode}'}"
    return tuple(_thread(one, pid) for one in said), ""


def _thread(said: dict[str, Any], pid: int) -> ThreadStack:
    frames = [
        Frame(as_text(one.get("filename")), as_int(one.get("line")), as_text(one.get("name")))
        for one in said.get("frames") or ()
    ]
    return ThreadStack(
        tuple(reversed(frames)),
        as_int(said.get("thread_id")),
        as_text(said.get("thread_name")),
        main=as_int(said.get("os_thread_id")) == pid,
    )
