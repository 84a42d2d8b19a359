"""A client of stops that knows no more than the protocol, and runs without a supervisor.

The tests of the process's side need no prompt and no `python -m mpdebug`: they start programs
with the agent in them, and stand in for the supervisor themselves.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mpdebug.entry import environ
from mpdebug.model import Process
from mpdebug.observer import hung
from mpdebug.rundir import layout, lines
from mpdebug.settings import Settings
from tests.harness import DEADLINE, Lab, Started, until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.harness import Handshake

HELLO = {"hello": "mpdebug", "format": 1, "pid": os.getpid()}


def connect(stop: Path) -> socket.socket:
    """A connection to the socket beside a stop's file, with nothing said yet.

    AF_UNIX paths have room for 108 bytes, and those of tests are longer.
    """
    folder = os.open(stop.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(f"/proc/self/fd/{folder}/{stop.stem}.s")
    finally:
        os.close(folder)
    return connection


class Client:
    """A console at a stop, or one that only asks."""

    def __init__(self, stop: Path, role: str = "console") -> None:
        self.stop = stop
        self.socket = connect(stop)
        self.rest = b""
        self.said: list[dict[str, Any]] = []
        self.say({**HELLO, "as": role})
        self.welcome = self.hear()

    def say(self, message: dict[str, Any]) -> None:
        """Send one message."""
        self.socket.sendall(json.dumps(message).encode() + b"\n")

    def hear(self, deadline: float = DEADLINE) -> dict[str, Any]:
        """The next message; empty when the connection was closed."""
        end = time.monotonic() + deadline
        while b"\n" not in self.rest:
            if not select.select([self.socket], [], [], max(end - time.monotonic(), 0))[0]:
                pytest.fail(f"the process said nothing more after {self.said[-3:]}")
            try:
                data = self.socket.recv(1 << 20)
            except ConnectionResetError:
                data = b""
            if not data:
                return {}
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        self.said.append(json.loads(line))
        return self.said[-1]

    def until(self, *keys: str) -> dict[str, Any]:
        """The next message with one of these keys; {} when the connection was closed."""
        while message := self.hear():
            if any(key in message for key in keys):
                break
        return message

    def command(self, line: str) -> str:
        """Type a line at the prompt; what is printed until the next prompt, or the end."""
        if not any("prompt" in message for message in self.said):
            self.until("prompt")
        before = len(self.said)
        self.say({"line": line})
        self.until("prompt", "resumed")
        return "".join(message.get("text", "") for message in self.said[before:])

    def ask(self, **question: Any) -> dict[str, Any]:
        """Ask one thing; the answer."""
        self.say({**question, "id": 7})
        return self.until("id")

    def reset(self) -> None:
        """Close with a reset, as a machine that goes down does."""
        linger = (1).to_bytes(4, sys.byteorder) + bytes(4)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self.socket.close()


def release(stop: Path, way: str = "continue", **more: Any) -> None:
    """Let a stop go on, from outside."""
    client = Client(stop, "ask")
    assert client.ask(release=way, **more).get("resumed") == way
    client.close()


@dataclass
class Stage:
    """Programs with the agent in them, in a run of this test's own.

    `settings` as `mpdebug.settings.Settings` has them. Stops wait as long as this test lives.
    """

    lab: Lab
    settings: dict[str, Any] = field(default_factory=dict)
    seen: set[Path] = field(default_factory=set)

    @property
    def run(self) -> Path:
        """The run folder."""
        return self.lab.folder / "run"

    def start(
        self, *args: str, env: Mapping[str, str | None] | None = None, **popen: Any
    ) -> Started:
        """Start `python ARGS` as the main process of the run."""
        (self.run / layout.PROCESSES).mkdir(0o700, parents=True, exist_ok=True)
        given = {"supervisor": os.getpid(), "waits": True, **self.settings}
        settings = Settings(str(self.run), **given)
        environment = environ.program_environment(self.lab.environment(env), settings)
        return self.lab.start([sys.executable, *args], env=environment, **popen)

    def standing(self) -> list[Path]:
        """The files of all stops."""
        return sorted(self.run.glob(f"p/*/{layout.STOPS}/*.json"))

    def new(self) -> list[Path]:
        """Stops that stand and that no test has been given yet."""
        return [stop for stop in self.standing() if stop not in self.seen]

    def stops(self, number: int) -> list[Path]:
        """Wait until so many new stops stand."""
        until(lambda: len(self.new()) >= number, f"{number} new stops, {self.standing()}")
        found = self.new()[:number]
        self.seen.update(found)
        return found

    def stop(self) -> Path:
        """Wait for one more stop."""
        return self.stops(1)[0]

    def events(self, kind: str) -> list[dict[str, Any]]:
        """All events of this kind, of all processes, in the order of time."""
        found = []
        for path in self.run.glob(f"p/*/{layout.EVENTS}"):
            with contextlib.suppress(OSError):
                found += [json.loads(line) for line in path.read_bytes().splitlines()]
        return sorted(
            (event for event in found if event["kind"] == kind), key=lambda event: event["mono"]
        )


def facts(stop: Path) -> dict[str, Any]:
    """What the file of a stop says."""
    value: dict[str, Any] = json.loads(stop.read_bytes())
    return value


def processes(stage: Stage) -> dict[str, Process]:
    """The processes of the run by their names, as far as a nudge needs to know them."""
    found = {}
    for folder in stage.run.glob("p/*"):
        who = lines.read_json(str(folder / layout.PROCESS))
        if who:
            facts_of = {key: who[key] for key in ("pid", "start", "ppid", "name", "role")}
            found[who["name"]] = Process(key=folder.name, folder=str(folder), **facts_of)
    return found


def sleeps(pid: int) -> bool:
    """Whether no thread of the process does anything."""
    try:
        asleep = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"
    except OSError:
        return False
    before = hung.counts(pid)
    return asleep and bool(before) and hung.counts(pid) == before


def wait_for_sleep(process: Process) -> None:
    """Wait until it waits."""
    until(lambda: sleeps(process.pid), f"{process.name} waits")


def running(
    stage: Stage, handshake: Callable[[], Handshake], body: str = ""
) -> tuple[Process, Handshake, Handshake]:
    """The main process of a program that runs `body`, says ready, and waits for a word."""
    ready, go = handshake(), handshake()
    code = f"import sys\n{body}\nopen(sys.argv[1], 'w').write('ready\\n')\n"
    code += "open(sys.argv[2]).readline()\nprint('done')\n"
    stage.start("-c", code, ready.path, go.path)
    ready.wait()
    main = processes(stage)["MainProcess"]
    wait_for_sleep(main)
    return main, ready, go
