"""A genuine remote-pdb port, for who has only telnet or nc; off unless it is asked for."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

import pytest

from tests.harness import program, until
from tests.stop_client import Stage, facts

if TYPE_CHECKING:
    from tests.harness import Lab

WORKER = program("stops_in_worker.py")


def connected(host: str, port: int) -> socket.socket:
    """A connection; remote-pdb listens a moment after its port was told."""
    made: list[socket.socket] = []

    def connect() -> bool:
        with contextlib.suppress(ConnectionRefusedError):
            made.append(socket.create_connection((host, port), timeout=30))
        return bool(made)

    until(connect, f"remote-pdb listens at {port}")
    return made[0]


def talk(address: str, *lines: str) -> str:
    """What the port says to these lines, until it closes or the last one is answered."""
    host, _, port = address.partition(":")
    said = b""
    with connected(host, int(port)) as connection:
        for line in lines:
            while not said.endswith(b"(Pdb) "):
                said += connection.recv(1 << 16)
            said += b"\n"
            connection.sendall(f"{line}\n".encode())
    return said.decode()


@pytest.mark.parametrize("way", ["builtin", "pdb", "mpdebug"])
def test_a_port_of_its_own_is_told_with_a_warning(
    lab: Lab, start_method: str, way: str
) -> None:
    """`--tcp`: the board has the address, stderr a warning, and remote-pdb answers there."""
    stage = Stage(lab, {"tcp": True})
    running = stage.start(WORKER, start_method, way)
    stop = stage.stop()
    address = facts(stop)["tcp"]
    assert address.startswith("127.0.0.1:")
    assert "anybody on this machine" in running.wait_for("run code as you")
    said = talk(address, "p 'number', number", "c")
    assert "('number', 0)" in said
    assert running.finish().ok().out == "[3]\n"
    assert not stage.standing()


def test_only_this_breakpoint_has_a_port(lab: Lab) -> None:
    """`mpdebug.breakpoint(tcp=True)` alone has one; the next breakpoints are as ever."""
    stage = Stage(lab, {"waits": False})
    code = (
        "import mpdebug\n"
        "mpdebug.breakpoint(tcp=True)\n"
        "breakpoint()\n"
        "import pdb; pdb.set_trace()\n"
        "print('done')\n"
    )
    running = stage.start("-c", code)
    stop = stage.stop()
    talk(facts(stop)["tcp"], "c")
    assert running.finish().ok().out == "done\n"
    until(lambda: not stage.standing(), "the stop is off the board")
    assert [event["reported"] for event in stage.events("stopped")] == [False, True, True]
