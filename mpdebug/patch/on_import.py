"""Patch a module when the program imports it, never earlier.

`logging` and `multiprocessing` cost some 20 ms each to import; a program that has no use for
them pays nothing. A finder at the head of `sys.meta_path` knows the names that concern us,
asks the other finders for the module, and puts a step behind its loader. The module's
`__spec__` and `__loader__` are the real ones again before its code runs.
"""

from __future__ import annotations

import sys

from mpdebug.agent import guard
from mpdebug.patch import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

TABLE: dict[str, str] = {
    "_posixsubprocess": "environment",
    "logging": "logging_calls",
    "logging.handlers": "logging_queues",
    "structlog._base": "structlog_events",
    "joblib.externals.loky.process_executor": "executors",
    "loky.process_executor": "executors",
    "concurrent.futures.process": "executors",
    "concurrent.futures._base": "timeouts executors",
    "pdb": "breakpoints",
    "random": "generators",
}
for _package in ("multiprocessing", "multiprocess", "billiard"):
    TABLE[f"{_package}.process"] = "processes timeouts"
    TABLE[f"{_package}.util"] = "mp_logging exiting"
    TABLE[f"{_package}.pool"] = "pools timeouts"
    TABLE[f"{_package}.queues"] = "timeouts queues locks"
    TABLE[f"{_package}.spawn"] = "spawning"
    TABLE[f"{_package}.sharedctypes"] = "values"
    TABLE[f"{_package}.resource_tracker"] = "trackers"
    for _makes in ("connection", "heap", "managers", "shared_memory", "synchronize"):
        TABLE[f"{_package}.{_makes}"] = "labels"
    TABLE[f"{_package}.synchronize"] += " locks guarded"
    TABLE[f"{_package}.managers"] += " proxy_locks proxies"
"""Module of the program → modules in this folder whose `patch(module)` is called."""

more: dict[str, str] = {}
"""The same, of what was asked for with a setting; called after the other."""


def apply(module: ModuleType, name: str) -> None:
    """Patch one module that has just been executed (or was there before us)."""
    for one in f"{TABLE.get(name, '')} {more.get(name, '')}".split():
        with guard.quiet:
            ours = __import__(f"mpdebug.patch.{one}", fromlist=["patch"])
            ours.patch(module)


def also(name: str, patch: str) -> None:
    """Have one more module of the program patched: now if it is there, else on its import."""
    more[name] = patch
    module = sys.modules.get(name)
    if module is not None:
        apply(module, name)


class Loader:
    """Stands before the real loader for one import, then steps aside."""

    def __init__(self, loader: Any, name: str) -> None:
        self.loader = loader
        self.name = name

    def __getattr__(self, name: str) -> Any:
        """All else that loaders can do: `python -m`, `find_spec(…).loader.get_source()`."""
        if name == "loader":  # a copy that has nothing yet
            raise AttributeError(name)
        return getattr(self.loader, name)

    def create_module(self, spec: Any) -> ModuleType | None:
        """Leave making the module to the real loader."""
        module: ModuleType | None = self.loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Run the module with its real loader in place, then patch it."""
        spec: Any = module.__spec__
        spec.loader = self.loader
        module.__loader__ = self.loader
        try:
            self.loader.exec_module(module)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        apply(module, self.name)


class Finder:
    """The entry in `sys.meta_path`; says "not mine" to every name that is not in the table."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """The spec that the other finders have, its loader behind ours."""
        if name not in TABLE and name not in more:
            return None
        for other in sys.meta_path:
            if other is self or isinstance(other, Finder):
                continue
            find = getattr(other, "find_spec", None)
            spec = find(name, path, target) if find is not None else None
            if spec is not None:
                if hasattr(spec.loader, "exec_module") and hasattr(
                    spec.loader, "create_module"
                ):
                    spec.loader = Loader(spec.loader, name)
                return spec
        return None


finder = Finder()


def install() -> None:
    """Watch imports from now on; patch what is already there."""
    if finder not in sys.meta_path:
        sys.meta_path.insert(0, finder)
        registry.undone.append(_leave)
    for name in TABLE:
        module = sys.modules.get(name)
        if module is not None:
            apply(module, name)


def _leave() -> None:
    more.clear()
    if finder in sys.meta_path:
        sys.meta_path.remove(finder)
