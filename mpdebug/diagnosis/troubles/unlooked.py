"""Failures at which nobody looked, and work that was lost on its way: what `ledger` finds."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from mpdebug.diagnosis import broken_pools, ledger, lost_items
from mpdebug.diagnosis.trouble import trouble
from mpdebug.diagnosis.troubles.pools import waiting_for_results

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mpdebug.diagnosis.known import Known
    from mpdebug.model_waits import Finding


@trouble("apply-async-swallowed")
def apply_async_swallowed(known: Known) -> Iterable[Finding]:
    """Tasks failed, and nobody looked at what they raised.

    apply_async() and submit() return at once. What the task raises is raised by get() or
    result(), and by nothing else: who calls neither goes on as if the work had been done.

    What to do: call get() on each result, or give error_callback=; result() on each future.
    """
    return ledger.apply_async_swallowed(known.book, known.people)


@trouble("exit-code-ignored")
def exit_code_ignored(known: Known) -> Iterable[Finding]:
    """A child failed, and its parent never looked at the exit code.

    join() only waits. The parent goes on, and the program ends with status 0.

    What to do: look at Process.exitcode after join(): anything but 0 is a failure. Or use
    ProcessPoolExecutor, whose result() raises.
    """
    return ledger.exit_code_ignored(known.book, known.people)


@trouble("pool-never-closed")
def pool_never_closed(known: Known) -> Iterable[Finding]:
    """A Pool was neither closed nor terminated.

    Its workers and threads live on until the end of the program, which may hang over it.

    What to do: `with Pool(…) as pool:`, or close() and join() when everything is submitted.
    """
    return ledger.pool_never_closed(known.book, known.people)


@trouble("pool-not-joined")
def pool_not_joined(known: Known) -> Iterable[Finding]:
    """A Pool was closed and not joined, and the program ended in the middle of its tasks.

    close() only says that no more tasks come. At the end of the program the workers are
    terminated, whatever they do, and what waits in the Pool is never run.

    What to do: pool.join() after pool.close(), or get() each result.
    """
    return ledger.pool_not_joined(known.book, known.people)


@trouble("pool-result-thread-died")
def pool_result_thread_died(known: Known) -> Iterable[Finding]:
    """The thread of a Pool that takes the results died, and no result comes any more.

    Mostly of an exception that pickles but cannot be unpickled: its class has required
    arguments that it does not hand to super().__init__().

    What to do: hand all arguments to super().__init__(), or define __reduce__.
    """
    for one in broken_pools.pool_result_thread_died(known.book, known.people):
        waits = waiting_for_results(known, one.processes[0]) if one.standing else []
        told = [("waits", known.line(wait)) for wait in waits[:1]]
        yield dataclasses.replace(one, evidence=(*one.evidence, *told))


@trouble("pool-exception-unpicklable")
def pool_exception_unpicklable(known: Known) -> Iterable[Finding]:
    """A task raised an exception that cannot be pickled.

    Its caller gets MaybeEncodingError instead, and the traceback of the task is lost.

    What to do: let exceptions carry plain data: no lock, file, socket or generator.
    """
    return broken_pools.pool_exception_unpicklable(known.people)


@trouble("queue-empty-lied")
def queue_empty_lied(known: Known) -> Iterable[Finding]:
    """Queue.empty() said True although items had been put.

    put() hands an item to a thread that sends it a little later; until then the queue looks
    empty, also to the process that put it.

    What to do: do not decide by empty(): call get() with a time-out, or put a last item that
    means "no more".
    """
    return lost_items.queue_empty_lied(known.book, known.people)


@trouble("queue-not-empty")
def queue_not_empty(known: Known) -> Iterable[Finding]:
    """Items stand in a queue when the process that made it ends.

    Nobody will get them. It may be meant so (a last item that says "stop" to more readers than
    there are), or work was left undone.

    What to do: get() all that was put, or put no more than is wanted.
    """
    return lost_items.queue_not_empty(known.book, known.people)
