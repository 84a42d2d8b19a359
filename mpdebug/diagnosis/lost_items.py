"""Items of queues that never arrived, or were not seen: the findings."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from mpdebug.diagnosis import places, words
from mpdebug.diagnosis.jobs import number, text
from mpdebug.model_waits import PROVED, SUSPECTED, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mpdebug.diagnosis.jobs import Item, Ledger
    from mpdebug.diagnosis.relations import Relations

DROPPED = (
    "put only what can be pickled: no lambda or inner function, no lock, file or connection; "
    "Queue.put never raises for it, its thread finds out later"
)
UNSENT = (
    "let the process end by itself (return, or sys.exit), or call q.close() and "
    "q.join_thread() before os._exit"
)
UNREAD = "get() all that was put before the end; or say by cancel_join_thread() that it may go"
LIED = "do not ask empty(): put a last item that says the end (None), and get() until it comes"


def queue_item_dropped(book: Ledger, people: Relations) -> Iterator[Finding]:
    """An item was put that cannot be pickled: the queue's thread drops it.

    Where the process is about to end, without a word.
    """
    for item in _of_kind(book, "dropped"):
        note = item.note
        yield _of_item(
            "queue-item-dropped",
            f"{words.who(item.process)} put an item into {_queue(item, people)}, which dropped "
            f"it: {words.raised(note)}",
            item,
            DROPPED,
            ("item", text(note, "item")),
        )


def queue_items_unsent(book: Ledger, people: Relations) -> Iterator[Finding]:
    """os._exit while items stand in a queue's buffer: they are lost, nobody gets them."""
    for item in _of_kind(book, "unsent"):
        left = number(item.note, "items") + bool(item.note.said.get("sending"))
        many = "1 item" if left == 1 else f"{left} items"
        goodbye = item.process.goodbye
        at = goodbye.where if goodbye else ""
        place = f" at {places.short_place(at, people.cwd)}" if at else ""
        yield _of_item(
            "queue-items-unsent",
            f"{words.who(item.process)} ended by os._exit{place} with {many} of "
            f"{_queue(item, people)} not sent",
            item,
            UNSENT,
            ("lost", many),
        )


def queue_empty_lied(book: Ledger, people: Relations) -> Iterator[Finding]:
    """`empty()` said True although the very process had put items: its thread was not done."""
    for item in _of_kind(book, "empty lied"):
        where = places.short_place(text(item.note, "where"), people.cwd)
        yield _of_item(
            "queue-empty-lied",
            f"empty() of {_queue(item, people)} was wrong at {where}: items put by "
            f"{words.who(item.process)} were still on their way",
            item,
            LIED,
            ("on their way", f"{max(number(item.note, 'items'), 1)}"),
        )


def queue_not_empty(book: Ledger, people: Relations) -> Iterator[Finding]:
    """Items stand in a queue at the end of the program: nobody got them."""
    for item in _of_kind(book, "unread"):
        left = number(item.note, "items")
        many = "1 item is" if left == 1 else f"{left} items are"
        found = _of_item(
            "queue-not-empty",
            f"{many} left in {_queue(item, people)} at the end of {words.who(item.process)}",
            item,
            UNREAD,
            ("left", str(left)),
        )
        yield dataclasses.replace(
            found, certainty=SUSPECTED, settle="whether anybody was to get them"
        )


def _of_kind(book: Ledger, kind: str) -> list[Item]:
    return [item for item in book.items if item.note.kind == kind]


def _of_item(
    kind: str, title: str, item: Item, cure: str, *evidence: tuple[str, str]
) -> Finding:
    return Finding(
        kind,
        PROVED,
        title,
        processes=(item.process.key,),
        things=(f"pipe:{number(item.note, 'reader')}",),
        evidence=evidence,
        cure=cure,
        mono=item.note.mono,
        standing=False,
    )


def _queue(item: Item, people: Relations) -> str:
    return f"the {item.what}{words.at(item.made, people, 'made at ')}"
