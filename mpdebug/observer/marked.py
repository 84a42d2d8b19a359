"""Lines that are not whole, and records that are missing: told as records of their own.

Nothing that was written is dropped because it is damaged. What can be read of it takes its
place in the stream, with the key `marked` saying what is wrong with it.
"""

from __future__ import annotations

import json
import re

from mpdebug.rundir import lines

TORN = "cut off: the process ended, or the disk was full, while it was written"
UNREADABLE = "not a record"
MISSING = "missing"

SHOWN = 2000
"""How many bytes of a line that cannot be read are told."""

TEXT = rb'"((?:[^"\\]|\\.)*)'
LEVEL, LOGGER, EVENT = (
    re.compile(b'"' + key + b'":' + TEXT) for key in (b"level", b"logger", b"event")
)


def is_whole(line: bytes) -> bool:
    """Whether a line that begins as a record also ends as one.

    A record cut off behind an inner `}` has one `{` too many. Braces inside text can hide
    that, or look like it: only then the line is parsed.
    """
    if not line.endswith(b"}"):
        return False
    return line.count(b"{") == line.count(b"}") or lines.parse(line) is not None


def all_whole(found: list[bytes]) -> bool:
    """Whether all of these are whole, as `is_whole` has it: asked of all at once, for speed."""
    data = b"\n".join(found)
    return (
        data.endswith(b"}")
        and data.count(b"}\n") == len(found) - 1
        and data.count(b"{") == data.count(b"}")
    )


def torn(line: bytes, time: bytes, mono: int, n: bytes | None) -> bytes:
    """A record for what is left of one that was cut off."""
    return _record(
        time,
        mono,
        n,
        level=_found(LEVEL, line) or "WARNING",
        logger=_found(LOGGER, line) or "mpdebug",
        event=_found(EVENT, line) or _text(line),
        marked=TORN,
    )


def unreadable(line: bytes, time: bytes, mono: int) -> bytes:
    """A record for a line that is not one, in the place where it stood."""
    return _record(
        time,
        mono,
        None,
        level="WARNING",
        logger="mpdebug",
        event=_text(line),
        marked=UNREADABLE,
    )


def missing(count: int, name: str, time: bytes, mono: int) -> bytes:
    """A record that tells that records of a process never came."""
    what = "1 record" if count == 1 else f"{count} records"
    verb = "is" if count == 1 else "are"
    return _record(
        time,
        mono,
        None,
        level="WARNING",
        logger="mpdebug",
        event=f"{what} of {name} {verb} missing",
        marked=MISSING,
    )


def notice(text: str, time: float, mono: int) -> bytes:
    """A record of our own: something about the reading itself that the person should know."""
    stamp = b"%017.6f" % time
    return _record(stamp, mono, None, level="WARNING", logger="mpdebug", event=text)


def _record(time: bytes, mono: int, n: bytes | None, **keys: str) -> bytes:
    number = b',"n":' + n if n is not None else b""
    rest = json.dumps(keys, separators=(",", ":")).encode()
    return b'{"time":%s,"mono":%d%s,%s' % (time, mono, number, rest[1:])


def _found(what: re.Pattern[bytes], line: bytes) -> str:
    match = what.search(line, 0, SHOWN)
    if match is None:
        return ""
    try:
        text = json.loads(b'"' + match[1] + b'"')
    except ValueError:
        return _text(match[1])
    return str(text)


def _text(line: bytes) -> str:
    text = line[:SHOWN].decode("utf-8", "backslashreplace")
    return text if len(line) <= SHOWN else f"{text}… ({len(line)} bytes)"
