"""What a test of a real program needs: the package installed, or a reason to skip."""

from __future__ import annotations

import importlib.util
import os

import pytest

MUST_RUN = "REAL_MUST_RUN"
"""Set where everything is installed (.ci/run): there a skip would hide a failure."""


def need(module: str) -> None:
    """Skip the test unless the module can be imported; where all must run, fail instead."""
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        found = None
    if found is not None:
        return
    reason = f"{module} is not installed (pip install '.[real]')"
    if os.environ.get(MUST_RUN):
        pytest.fail(reason)
    pytest.skip(reason)
