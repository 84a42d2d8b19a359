"""What the debugger is made of: remote_pdb, which an interpreter need not have; no readline."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager

from mpdebug.agent import process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

NAME = "remote_pdb"


def remote_pdb() -> ModuleType | None:
    """The module `remote_pdb`; None where it can nowhere be found.

    The one of this interpreter, else the file that the settings of the run name; that one is
    not left in `sys.modules`, where the program would find what is not installed for it.
    """
    here = process.here
    path = here.settings.remote_pdb if here is not None else ""
    known = sys.modules.get(NAME)
    if known is not None:
        return known
    from importlib.util import find_spec, module_from_spec, spec_from_file_location  # noqa: PLC0415

    spec = find_spec(NAME)
    if spec is None and path and os.path.exists(path):
        spec = spec_from_file_location(f"mpdebug_{NAME}", path)
    if spec is None or spec.loader is None:
        return None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def without_readline() -> Iterator[None]:
    """Keep pdb from loading readline, which may print and changes the program's own."""
    known = sys.modules.get("readline", without_readline)
    sys.modules["readline"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if known is without_readline:
            del sys.modules["readline"]
        else:
            sys.modules["readline"] = known  # type: ignore[assignment]
