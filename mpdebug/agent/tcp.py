"""A genuine remote-pdb port on 127.0.0.1, for telnet and nc. Off unless it is asked for.

It is remote-pdb as it is: whoever can connect from this machine gets in, and what happens to
the client happens to the task (`q`, a closed connection: BdbQuit). It binds, listens and waits
in one call, so its port is told a moment before anybody can connect.
"""

from __future__ import annotations

import os
from _socket import AF_INET, SOCK_STREAM
from _socket import socket as Socket  # noqa: N812 - a class

from mpdebug.agent import borrowed, encode, guard, process, stop_facts
from mpdebug.real import Real
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

HOST = "127.0.0.1"
WARNING = (
    "mpdebug: {name} (pid {pid}) waits at {address}: telnet {telnet}\n"
    "  warning: anybody on this machine who connects can run code as you\n"
)


def stop(here: process.Agent, frame: FrameType | None, kind: str, port: int) -> None:
    """Wait for a client at a port, then let remote-pdb stop at this frame.

    Args:
        here: the agent.
        frame: where.
        kind: why, as the stop file has it.
        port: 0 or 1 (True): any that is free.
    """
    module = borrowed.remote_pdb()
    if module is None or frame is None:
        here.event(layout.EV_NOTE, text="no remote_pdb here: the breakpoint was passed by")
        return
    port = port if port > 1 else _free_port()
    address = f"{HOST}:{port}"
    facts = stop_facts.facts_of(
        kind, next(stop_facts.numbers), "", None, stop_facts.place_of(frame, None)
    )
    facts["tcp"] = address
    stop_facts.tell_stopped(here, facts, reported=False)
    path = _write(here, facts)
    name = here.who["name"] or here.who["role"]
    text = WARNING.format(name=name, pid=here.pid, address=address, telnet=f"{HOST} {port}")
    with guard.quiet:
        os.write(2, text.encode("utf-8", "backslashreplace"))
    _debugger_of(module, here, facts, path, port).set_trace(frame)


def _debugger_of(
    module: Any, here: process.Agent, facts: dict[str, Any], path: str, port: int
) -> Any:
    class Genuine(module.RemotePdb):  # type: ignore[misc]
        """remote-pdb that takes its stop off the board when it goes on."""

        def set_trace(self, frame: Any = None, **_: Any) -> None:
            super().set_trace(frame)

        def interaction(self, *args: Any) -> None:
            try:
                super().interaction(*args)
            finally:
                if os.path.exists(path):
                    os.unlink(path)
                    here.event(layout.EV_RELEASED, n=facts["n"], how="continue")

    try:
        found = Genuine(HOST, port, quiet=True)
    except BaseException:
        os.unlink(path)
        raise
    found.skip = {"mpdebug.*"}  # it stops at the next line that is traced: not at one of ours
    return found


def _write(here: process.Agent, facts: dict[str, Any]) -> str:
    folder = os.path.join(here.path, layout.STOPS)
    stop_facts.make_folder(folder)
    path = os.path.join(folder, f"{facts['n']}.json")
    fd = os.open(f"{path}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, encode.encode_object(facts).encode() + b"\n")
    finally:
        Real.close(fd)
    os.rename(f"{path}.new", path)  # a reader sees all of it, or nothing
    return path


def _free_port() -> int:
    """A port that is free now; remote-pdb takes it a moment later."""
    probe = Socket(AF_INET, SOCK_STREAM)
    try:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
    finally:
        probe.close()
