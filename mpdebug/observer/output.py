r"""What processes printed: their `out` and `err` files as lines with the name in front.

The bytes are passed on as they are: they need not be UTF-8, and colours are the program's own.
A progress bar (`10%\r20%\r…`) is one line that shows its last state. A line without a newline
is shown when its process has ended.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from mpdebug.rundir import layout
from mpdebug.rundir.lines import open_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mpdebug.observer.who import Who

CHUNK = 1 << 18
LINE_MOST = 1 << 16
"""A line longer than this is shown in pieces."""


class Printed:
    """One growing file of output, read as lines from where it was left."""

    __slots__ = ("_offset", "_path", "_rest", "written")

    def __init__(self, path: str) -> None:
        self.written = 0  # when what was read last was written, at the latest (epoch, ns)
        self._path = path
        self._offset = 0
        self._rest = b""

    def read(self) -> tuple[list[bytes], bool]:
        """New whole lines without their newline, and whether there is more to read."""
        try:
            fd = open_file(self._path)
        except OSError:
            return [], False
        try:
            data = os.pread(fd, CHUNK, self._offset)
            found = os.fstat(fd)
            self.written = found.st_mtime_ns
            if not data and found.st_size < self._offset:  # the program cut it
                self._offset = 0
                data = os.pread(fd, CHUNK, 0)
        except OSError:
            return [], False
        finally:
            os.close(fd)
        if not data:
            return [], False
        self._offset += len(data)
        *whole, rest = (self._rest + data).split(b"\n")
        if b"\r" in rest:  # earlier states of a progress bar; a \r at the end may become \r\n
            rest = rest[rest.rfind(b"\r", 0, len(rest) - 1) + 1 :]
        lines = [last_state(line) for line in whole]
        while len(rest) > LINE_MOST:
            lines.append(last_state(rest[:LINE_MOST]))
            rest = rest[LINE_MOST:]
        self._rest = rest
        return lines, len(data) == CHUNK

    def end(self) -> list[bytes]:
        """The last line, if it had no newline."""
        rest, self._rest = self._rest, b""
        return [last_state(rest)] if rest else []


def last_state(line: bytes) -> bytes:
    r"""What a terminal would show of a line in which `\\r` went back to its beginning."""
    if b"\r" not in line:
        return line
    return line.rstrip(b"\r").rpartition(b"\r")[2]


class Outputs:
    """The output files of all processes of a run."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._files: dict[str, dict[str, Printed]] = {}

    def read(self, key: str, stream: str) -> Iterator[tuple[int, bytes]]:
        """All new lines that a process printed to `stream` ("out" or "err").

        Each with the time (epoch, ns) by which it was written.
        """
        files = self._files.setdefault(key, {})
        if stream not in files:
            files[stream] = Printed(os.path.join(self._run, layout.PROCESSES, key, stream))
        file = files[stream]
        more = True
        while more:
            lines, more = file.read()
            yield from ((file.written, line) for line in lines)

    def end(self, key: str) -> Iterator[tuple[str, int, bytes]]:
        """The process has ended: the rest of what it printed, with the stream in front."""
        for stream, file in list(self._files.get(key, {}).items()):
            yield from ((stream, at, line) for at, line in self.read(key, stream))
            yield from ((stream, file.written, line) for line in file.end())
        self._files.pop(key, None)

    def keys(self) -> list[str]:
        """The processes that printed something and are not ended."""
        return list(self._files)


class OutputHandler(logging.Handler):
    """Passes printed lines on with their process's name in front: `Worker-1 | text`.

    Args:
        out: writes bytes to our standard output.
        err: writes bytes to our standard error.
        out_name: a process's name as it is to be shown on stdout, padded and coloured.
        err_name: the same for stderr.
    """

    takes_records = False

    def __init__(
        self,
        out: Callable[[bytes], object],
        err: Callable[[bytes], object],
        out_name: Callable[[str], str] = str,
        err_name: Callable[[str], str] = str,
    ) -> None:
        super().__init__()
        self._streams = {layout.OUT: (out, out_name), layout.ERR: (err, err_name)}

    def emit_output(self, line: bytes, who: Who, stream: str) -> None:
        """Pass one line on; `stream` is "out" or "err"."""
        write, name = self._streams[stream]
        write(b"%s | %s\n" % (name(who.name).encode("utf-8", "backslashreplace"), line))
