"""Answering what a client asks of a process that stands at a stop."""

from __future__ import annotations

import os

from mpdebug.agent import process
from mpdebug.agent.encode import safe_repr, safe_str

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

ROOM = 4000
MANY = 500  # completions


def parse(line: bytes) -> dict[str, Any]:
    """A line as an object; empty if it is none."""
    import json  # noqa: PLC0415 - a client is there: the process stands still anyway

    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def welcome(debugger: Any, stop: dict[str, Any]) -> dict[str, Any]:
    """What a client is told first."""
    here = process.here
    names = [name[3:] for name in dir(type(debugger)) if name.startswith("do_")]
    return {
        "welcome": "mpdebug",
        "format": 1,
        "stop": stop,
        "pid": os.getpid(),
        "name": here.who["name"] if here is not None else "",
        "commands": [name for name in names if not name.startswith("_")],
    }


def state_of(debugger: Any, prompt: str) -> str:
    """What the next line will be taken for."""
    if debugger is None:
        return "input"
    if getattr(debugger, "interacting", False):
        return "interact"
    if debugger.commands_defining:
        return "commands"
    return "pdb" if prompt.endswith(("Pdb) ", "Pdb)) ")) else "input"


def answer(debugger: Any, said: dict[str, Any]) -> dict[str, Any]:
    """The answer to a question; empty if it is none that we know.

    Objects of the program are asked for it, which may raise anything: that is never more than
    the answer.
    """
    number = said.get("id")
    if debugger is None or debugger.curframe is None:
        return {"id": number, "error": "it moves"} if number is not None else {}
    found: dict[str, Any] = {}
    try:
        with debugger.at_work():
            if "eval" in said:
                found = evaluate(debugger, str(said["eval"]))
            elif said.get("stack"):
                found = {"frames": stack(debugger)}
            elif "complete" in said:
                found = {"completions": complete(debugger, said)}
    except BaseException as error:  # noqa: BLE001 - the answer, and no more
        found = {"error": f"{type(error).__name__}: {safe_str(error)}"[:ROOM]}
    return {"id": number, **found} if found else {}


def evaluate(debugger: Any, expression: str) -> dict[str, Any]:
    """The value of an expression in the frame that the prompt looks at, as text."""
    frame = debugger.curframe
    code = compile(expression.strip(), "<question>", "eval")
    value = eval(code, frame.f_globals, debugger.locals_of_frame())
    text = safe_repr(value, 1 << 30)
    import hashlib  # noqa: PLC0415 - see above

    digest = hashlib.sha1(text.encode("utf-8", "backslashreplace"), usedforsecurity=False)
    short = text if len(text) <= ROOM else f"{text[:ROOM]}… ({len(text)} characters)"
    return {"value": short, "type": type(value).__name__, "digest": digest.hexdigest()}


def stack(debugger: Any) -> list[list[Any]]:
    """The stack that `where` shows, outermost first."""
    import linecache  # noqa: PLC0415 - see above

    found = []
    for frame, line in debugger.stack:
        code = frame.f_code
        text = linecache.getline(code.co_filename, line or 0, frame.f_globals).strip()
        found.append([code.co_filename, line or 0, code.co_name, text])
    return found


def complete(debugger: Any, said: dict[str, Any]) -> list[str]:
    """Completions of the word at the cursor, as pdb itself would find them."""
    text, line = str(said["complete"]), str(said.get("line") or "")
    begin, end = int(said.get("begin") or 0), int(said.get("end") or 0)
    found: list[str] = []
    found += _keys(debugger, line[:end])
    if not found:
        find = debugger.completenames if begin == 0 else debugger.completer_of(line)
        found += find(text, line, begin, end) or []
    if begin == 0 and not found:
        found += debugger.completedefault(text, line, begin, end) or []
    return sorted(dict.fromkeys(found))[:MANY]


def _keys(debugger: Any, line: str) -> list[str]:
    """Keys of the dictionary behind an open bracket: `p config["ba` has `"batch"]`."""
    import re  # noqa: PLC0415 - see above

    found = re.search(r"""([A-Za-z_][\w.]*)\[(['"]?)([^\]\[]*)$""", line)
    if found is None:
        return []
    name, quote, begun = found.groups()
    frame: FrameType = debugger.curframe
    try:
        value = eval(name, frame.f_globals, debugger.locals_of_frame())
        keys = list(value.keys())[:MANY] if hasattr(value, "keys") else []
    except Exception:  # noqa: BLE001 - no such name, or the program's own
        return []
    texts = [safe_repr(key, 200) for key in keys if isinstance(key, str | int)]
    if quote:
        texts = [quote + text[1:-1] + quote for text in texts if text[:1] in "'\""]
    return [f"{text}]" for text in texts if text.startswith(quote + begun)]
