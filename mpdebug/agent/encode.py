"""Values as JSON text, whatever they are: nothing here raises because of a value.

Not `json`: importing it costs more than the rest of our start-up, and a record has to be
written also where nothing may be imported (a forked child, a signal handler). What JSON has no
word for becomes its `repr`; what has no `repr` either becomes a text that says so.
"""

from __future__ import annotations

import os

from mpdebug.agent import guard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def _quote(text: str) -> str:
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return f'"{"".join(map(_escape, text))}"'


def _escape(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    if " " <= letter <= "~":
        return letter
    units = letter.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


quote: Callable[[str], str] = _quote
"""A text as a JSON string, quotes included."""


def quicken() -> Callable[[str], str]:
    """Let `quote` be the C function that json.dumps uses; returns it.

    For who has much to quote: to load it takes as long as a tenth of our start.
    """
    global quote  # noqa: PLW0603
    quote = guard.function_in_c("_json", "encode_basestring_ascii") or _quote
    return quote


DEPTH = 8
ITEMS = 10_000
REPR_ROOM = 100_000

AS_TEXT = frozenset({"UUID", "Decimal", "IPv4Address", "IPv6Address", "Fraction"})


def encode(value: Any) -> str:
    """Any value as JSON text in one line, ASCII only (surrogates survive as escapes)."""
    kind = type(value)
    if kind is str:
        return quote(value)
    if kind is int:
        try:
            return repr(value)
        except ValueError:  # more digits than sys.set_int_max_str_digits lets through
            return quote(hex(value))
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    return _Walk().value(value, 0)


def encode_object(pairs: dict[str, Any]) -> str:
    """A JSON object of plain names and any values."""
    return (
        "{" + ",".join([f"{quote(key)}:{encode(value)}" for key, value in pairs.items()]) + "}"
    )


def safe_repr(value: object, room: int = REPR_ROOM) -> str:
    """`repr`, bounded; where that fails, what it is and why it could not be told."""
    try:
        text = repr(value)
        if type(text) is not str:
            text = str(text)
    except Exception as error:  # noqa: BLE001 - the program's own __repr__
        return f"<{type(value).__name__}: its repr raised {type(error).__name__}>"
    if len(text) > room:
        return f"{text[:room]}… ({len(text)} characters)"
    return text


def safe_str(value: object) -> str:
    """`str`, and where that fails `repr`, and where that fails what it is."""
    try:
        text = str(value)
    except Exception:  # noqa: BLE001 - the program's own __str__
        return safe_repr(value)
    return text if type(text) is str else str.__str__(text)


def _int(value: int) -> str:
    try:
        return int.__repr__(value)
    except ValueError:  # more digits than sys.set_int_max_str_digits lets through
        return quote(hex(value))


class _Walk:
    """One value on its way to JSON: knows where it is, so that cycles end."""

    __slots__ = ("left", "path")

    def __init__(self) -> None:
        self.path: list[int] = []
        self.left = ITEMS

    def value(self, value: Any, depth: int) -> str:
        if isinstance(value, str):
            return quote(str.__str__(value))
        if value is None or value is True or value is False:
            return {None: "null", True: "true", False: "false"}[value]
        if isinstance(value, int):
            return _int(value)
        if isinstance(value, float):
            text = float.__repr__(value)
            return quote(text) if text[-1] in "fn" else text  # inf and nan are no JSON
        if isinstance(value, (dict, list, tuple, set, frozenset)):
            return self.container(value, depth)
        return self.other(value)

    def container(self, value: Any, depth: int) -> str:
        if id(value) in self.path:
            return quote("<cycle>")
        if depth >= DEPTH:
            return quote(safe_repr(value, 200))
        self.path.append(id(value))
        parts: list[str] = []
        try:
            if isinstance(value, dict):
                for key, item in list(value.items()):
                    if not self.one_more(parts):
                        break
                    name = key if type(key) is str else safe_str(key)
                    parts.append(f"{quote(name)}:{self.value(item, depth + 1)}")
                return "{" + ",".join(parts) + "}"
            for item in list(value):
                if not self.one_more(parts):
                    break
                parts.append(self.value(item, depth + 1))
            return "[" + ",".join(parts) + "]"
        except RuntimeError:  # changed by another thread while we looked
            return quote(safe_repr(value, 200))
        finally:
            self.path.pop()

    def one_more(self, parts: list[str]) -> bool:
        self.left -= 1
        return self.left > 0 or not parts

    def other(self, value: Any) -> str:
        kind = type(value)
        try:
            if hasattr(kind, "__index__"):
                return _int(value.__index__())
            if hasattr(kind, "__fspath__"):
                return quote(safe_str(os.fspath(value)))
            if kind.__name__ in AS_TEXT:
                return quote(str(value))
            if kind.__module__ == "datetime" and hasattr(kind, "isoformat"):
                return quote(value.isoformat())
        except Exception:  # noqa: BLE001, S110 - the program's own methods; repr is left
            pass
        return quote(safe_repr(value))
