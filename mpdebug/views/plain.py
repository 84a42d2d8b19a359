"""Foreign text on a terminal: what could move the cursor or colour it is shown, not sent."""

from __future__ import annotations

from datetime import UTC, datetime

CONTROLS = {
    **{code: f"\\x{code:02x}" for code in (*range(32), 127, *range(128, 160))},
    ord("\r"): "\\r",
    ord("\n"): "\\n",
    ord("\t"): "\\t",
    # A right-to-left override can make one line read as another.
    **{code: f"\\u{code:04x}" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))},
}
IN_TEXT = {code: text for code, text in CONTROLS.items() if code not in (9, 10)}


def line(text: str) -> str:
    """Text that stays on one line and changes nothing on the terminal."""
    return _whole(text).translate(CONTROLS)


def block(text: str) -> str:
    """Text of several lines; newlines and tabs stay."""
    return _whole(text).translate(IN_TEXT)


def _whole(text: str) -> str:
    """Lone surrogates cannot be written to any stream."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def clock(epoch: float) -> str:
    """`12:00:01` of the local day."""
    return f"{_local(epoch):%H:%M:%S}"


def day_and_clock(epoch: float) -> str:
    """`2025-11-22 12:00:01`; empty where it is not known."""
    return f"{_local(epoch):%Y-%m-%d %H:%M:%S}" if epoch else ""


def _local(epoch: float) -> datetime:
    try:
        return datetime.fromtimestamp(epoch, UTC).astimezone()
    except (OverflowError, ValueError, OSError):  # damage: no calendar has that time
        return datetime.fromtimestamp(0, UTC)
