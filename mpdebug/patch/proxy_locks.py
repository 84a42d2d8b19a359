"""Locks that live in a manager's server: who has them, as for those of multiprocessing itself.

The server knows only its own threads. So the process that took the lock through a proxy writes
it down, under the address of the server and the number that the object has there.
"""

from __future__ import annotations

from mpdebug.agent import encode, guard, held, process, taking
from mpdebug.patch import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

MOST = 64
records: dict[str, held.Record] = {}
"""Ident of the lock → its record; all proxies of one lock have the same."""


def patch(module: ModuleType) -> None:
    """Wrap AcquirerProxy of multiprocessing.managers and kin."""
    here = process.here
    proxy = module.__dict__.get("AcquirerProxy")
    if here is None or here.settings.record == "off" or proxy is None:
        return
    for name in ("acquire", "__enter__"):
        registry.wrap(proxy, name, _take)
    for name in ("release", "__exit__"):
        registry.wrap(proxy, name, _give)


def record_of(proxy: Any) -> held.Record | None:
    """The record of the lock behind a proxy; None where there are too many."""
    with guard.quiet:
        token = proxy._token  # noqa: SLF001
        ident = ident_of(token.address, token.id)
        record = records.get(ident)
        if record is None and len(records) < MOST:
            record = records[ident] = held.Record(
                None, mutex=False, recursive=False, ident=ident
            )
        return record
    return None


def ident_of(address: Any, number: Any) -> str:
    """What names an object of a server everywhere."""
    where = (
        ":".join(map(str, address)) if isinstance(address, tuple) else encode.safe_str(address)
    )
    return f"{where}/{number}"


def _take(original: Any) -> Any:
    def take(self: Any, *args: Any, **kwargs: Any) -> Any:
        record = record_of(self)
        mine = got = None
        try:
            if record is None:
                return original(self, *args, **kwargs)
            mine = taking.begin_permit(record)
            got = original(self, *args, **kwargs)
            taking.end_permit(record, mine, got)
        except BaseException as error:
            if record is not None and taking.failed_to_take(record, mine, got, error):
                return got
            guard.drop_frame(error)
            raise
        return got

    return take


def _give(original: Any) -> Any:
    def give(self: Any, *args: Any, **kwargs: Any) -> Any:
        record = record_of(self)
        try:
            if record is None:
                return original(self, *args, **kwargs)
            return taking.give_permit(record, original, self, *args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise

    return give
