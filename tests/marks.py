"""Lines of programs under test, found by the comment at their end."""

from __future__ import annotations

from pathlib import Path


def marked(path: str, mark: str) -> list[int]:
    """The numbers of the lines whose comment begins with this."""
    texts = Path(path).read_text("utf-8").splitlines()
    return [at for at, text in enumerate(texts, 1) if f"  # {mark}" in text]
