"""The door: the first thing that runs in every Python below `python -m mpdebug`.

This folder is first on PYTHONPATH, so `site` imports this file. It takes itself off sys.path,
lets the agent in, and then runs the sitecustomize that would have run without us. Where there
is none it ends with the very error that `site` expects when no sitecustomize exists, so
that none is left in sys.modules. It must parse on any Python, and an old one walks past.
"""

import os
import sys


def _come_in():
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [p for p in sys.path if os.path.abspath(p or os.curdir) != here]
    sys.path_importer_cache.pop(here, None)
    if sys.version_info[:2] < (3, 11) or sys.implementation.name != "cpython":
        return
    if "MPDEBUG_RUN" not in os.environ or os.environ.get("MPDEBUG_DISABLE", "0") not in (
        "",
        "0",
    ):
        return
    try:
        load(os.path.dirname(os.path.dirname(here)))
        from mpdebug.entry import boot

        boot.enter()
    except Exception:
        if os.environ.get("MPDEBUG_RUN", "").find("debug=") >= 0:
            sys.excepthook(*sys.exc_info())


def load(package):
    """Make `mpdebug` importable by its place: it need not be installed in this interpreter."""
    if "mpdebug" in sys.modules:
        return
    import _frozen_importlib as importlib
    import _frozen_importlib_external as external

    spec = external.spec_from_file_location(
        "mpdebug",
        os.path.join(package, "__init__.py"),
        submodule_search_locations=[package],
    )
    importlib._load(spec)


def _next_one():
    """Run the sitecustomize that this file stands before, under its own name."""
    import _frozen_importlib as importlib
    import _frozen_importlib_external as external

    spec = external.PathFinder.find_spec("sitecustomize")
    if spec is None or spec.loader is None:
        raise ImportError("No module named 'sitecustomize'", name="sitecustomize")
    module = importlib.module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


_come_in()
if sys.version_info[:2] >= (3, 11):
    _next_one()
else:
    sys.modules.pop("sitecustomize", None)
    import sitecustomize  # noqa: F401
