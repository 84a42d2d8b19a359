"""Nobody but the user of the program gets in at a stop; nothing else is opened for anybody."""

from __future__ import annotations

import ast
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import mpdebug
from mpdebug.rundir import layout
from tests.harness import program, until
from tests.stop_client import Client, Stage, connect, facts, release

if TYPE_CHECKING:
    from tests.harness import Command, Lab

STRANGER = 65534
SERIAL = re.compile(rb"_?pickle|marshal|shelve|dill")
BYTE_CODE = {"bundle.py", "sitecustomize.py"}
POST = (
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://evil.example\r\n"
    b"Content-Type: text/plain\r\nContent-Length: 60\r\n\r\n"
    b'{"hello":"mpdebug","format":1,"as":"console","pid":1}\n'
    b'{"line":"import os; os._exit(66)"}\n'
)


def listening_ports(pid: int) -> list[str]:
    """Local addresses of TCP sockets that this process listens at."""
    own = set()
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        target = str(fd.readlink())
        if target.startswith("socket:["):
            own.add(target[8:-1])
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            field = line.split()
            if field[3] == "0A" and field[9] in own:
                found.append(field[1])
    return found


@pytest.mark.parametrize(("how", "met"), [("path", "PermissionError"), ("fd", "hung up")])
def test_another_user_is_kept_out(lab: Lab, plain: Command, how: str, met: str) -> None:
    """By the modes of the folders; and where these were opened, by the uid of the peer."""
    if os.getuid() != 0:
        pytest.skip("only root can become another user")
    stage = Stage(lab)
    started = stage.start(program("stops_twice.py"))
    stop = stage.stop()
    if how == "fd":
        with connect(stop):  # the way to the socket is open to its own user
            pass
    done = plain(
        program("tries_to_get_in.py"), str(STRANGER), stop.parent, f"{stop.stem}.s", how
    )
    assert done.ok().out == f"{met}\n"
    release(stop)
    release(stage.stop())
    assert started.finish().ok().out == "(12, 2)\n"


def test_files_of_a_stop_are_the_users_alone(lab: Lab) -> None:
    """Folders 0700, files and sockets 0600, with any umask; also the transcript."""
    stage = Stage(lab)
    code = "import os\nos.umask(0)\nbreakpoint()\nprint('on')\n"
    started = stage.start("-c", code)
    client = Client(stage.stop())
    client.command("p 1")
    folder = client.stop.parent
    modes = {path.name: stat.S_IMODE(path.lstat().st_mode) for path in folder.iterdir()}
    assert modes == {"0.json": 0o600, "0.s": 0o600, "0.log": 0o600}
    for above in (folder, folder.parent):
        assert stat.S_IMODE(above.stat().st_mode) == 0o700
    client.command("c")
    client.close()
    assert started.finish().ok().out == "on\n"
    assert [path.name for path in folder.iterdir()] == ["0.log"]


def test_a_post_of_a_browser_is_dropped(lab: Lab) -> None:
    """The first line has to be the hello: what follows the headers is never looked at."""
    stage = Stage(lab)
    started = stage.start(program("stops_twice.py"))
    stop = stage.stop()
    with connect(stop) as browser:
        browser.settimeout(30)
        browser.sendall(POST)
        answer = b""
        try:
            answer = browser.recv(1 << 16)
        except ConnectionResetError:
            answer = b""
    assert answer == b""
    client = Client(stop)
    assert client.command("p n").endswith("10\n")
    client.command("c")
    client.close()
    release(stage.stop())
    assert started.finish().ok().out == "(12, 2)\n"


def test_no_rc_file_is_read_and_no_port_is_open(lab: Lab) -> None:
    """Neither .pdbrc of the working directory nor of home; `debug` does not read them either.

    No process listens on TCP: there is nothing that a browser or another user could reach.
    """
    home = lab.folder / "home"
    home.mkdir()
    for folder in (home, lab.folder):
        (folder / ".pdbrc").write_text("import os; os._exit(77)\nalias xx p 1\n")
    stage = Stage(lab)
    started = stage.start(program("stops_twice.py"), env={"HOME": str(home)})
    client = Client(stage.stop())
    assert "alias" not in client.command("alias")
    assert "xx" not in client.command("alias")
    assert "RECURSIVE" in client.command("debug len('')")
    client.command("q")
    for folder in (stage.run / layout.PROCESSES).iterdir():
        assert listening_ports(int(folder.name.split("-")[0])) == []
    client.command("c")
    client.close()
    release(stage.stop())
    assert started.finish().ok().out == "(12, 2)\n"


def test_a_port_only_where_it_was_asked_for(lab: Lab) -> None:
    """tcp=True: one port, on 127.0.0.1, and a warning that says who can come in."""
    pytest.importorskip("remote_pdb")
    stage = Stage(lab)
    code = "import mpdebug\nmpdebug.breakpoint(tcp=True)\nprint('on')\n"
    started = stage.start("-c", code)
    started.wait_for("anybody on this machine")
    stop = stage.stop()
    told = facts(stop)["tcp"]
    host, _, port = told.partition(":")
    assert host == "127.0.0.1"
    import socket  # noqa: PLC0415 - only this test comes by TCP

    until(lambda: listening_ports(started.pid), "it listens")
    assert listening_ports(started.pid) == [f"0100007F:{int(port):04X}"]
    with socket.create_connection((host, int(port)), 30) as client:
        client.settimeout(30)
        client.sendall(b"c\n")
        while client.recv(1 << 16):
            pass
    assert started.finish().ok().out == "on\n"


def test_pickle_is_nowhere_near() -> None:
    """No file of ours that runs in a process of the program, or reads a run, says pickle.

    But for our own byte code, which is no data of anybody's: see test_bundle.
    """
    root = Path(mpdebug.__file__).parent
    for path in root.rglob("*.py"):
        text = path.read_bytes()
        for node in ast.walk(ast.parse(text if SERIAL.search(text) else b"")):
            names = [
                alias.name for alias in getattr(node, "names", ()) if hasattr(alias, "name")
            ]
            names += [getattr(node, "module", None) or ""]
            if path.name not in BYTE_CODE:
                assert not [name for name in names if SERIAL.match(name.encode())], path
