"""remote_pdb, which the interpreter of a process need not have: loaded by its file then."""

from __future__ import annotations

import os
import sys

from mpdebug.agent import process

TYPE_CHECKING = False
if TYPE_CHECKING:
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
