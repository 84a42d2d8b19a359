"""Each known trouble is named by `mpdebug why`, with who, what, where, and the cure.

The programs are in `tests/programs/troubles`, what must be said of them in `troubles_table`.
"""

from __future__ import annotations

import contextlib
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.asked_why import Program, ask_all, end, text_of
from tests.harness import DEADLINE
from tests.troubles_table import FOLDER, SEQUELS, TROUBLES, Trouble, batches, marked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.asked_why import Said
    from tests.harness import Command, Lab

FIRST = (
    "lock_dead_holder",
    "lock_abba",
    "pool_worker_killed",
    "join_before_drain",
    "queue_unpicklable",
    "barrier_party_died",
    "lock_order_latent",
    "apply_async_swallowed",
)
"""Some of each sort: these are tried on every Python."""

pytestmark = [
    pytest.mark.leaves("run", "shm"),
    pytest.mark.skipif(
        signal.getsignal(signal.SIGINT) is signal.SIG_IGN, reason="Ctrl-C is ignored here"
    ),
]


def test_each_trouble_has_a_program_and_a_row() -> None:
    """Programs and rows are the same, and each mark that a row names is in its program."""
    programs = sorted(path.stem for path in FOLDER.glob("*.py"))
    assert sorted(each.name for each in TROUBLES) == programs
    for each in TROUBLES:
        marked(each.path, each.words)


def wrong(trouble: Trouble, said: Said) -> list[str]:
    """What is not as the table has it."""
    if not trouble.kind:
        return [f"says {one['kind']}" for one in said.findings]
    found = said.kind(trouble.kind)
    text = "\n".join(map(text_of, found))
    strange = {one["kind"] for one in said.findings} - SEQUELS - trouble.besides
    faults = [f"also says {kind}" for kind in sorted(strange - {trouble.kind})]
    if not found:
        return [f"does not say {trouble.kind}", *faults]
    certainty = {one["certainty"] for one in found}
    if trouble.certainty and trouble.certainty not in certainty:
        faults.append(f"is {certainty}")
    if any(one["standing"] for one in found) != trouble.hangs:
        faults.append("it stands" if not trouble.hangs else "does not stand")
    if not all(one["cure"] for one in found):
        faults.append("has no cure")
    return [*faults, *(f"has no word of {word!r}" for word in trouble.missing(text))]


def told(program: Program, faults: list[str], said: Said) -> str:
    """For the person who reads why the test failed."""
    lines = [f"{program.name}: {', '.join(faults)}"]
    lines += [f"  {one['kind']} ({one['certainty']}) {text_of(one)}" for one in said.findings]
    return "\n".join([*lines, said.stderr, program.said[-1500:]])


def look(troubles: dict[Program, Trouble]) -> Iterator[str]:
    """Ask about all until each is told right, or the time is over; what is wrong at last."""
    answers: dict[Program, Said] = {}
    for program, trouble in troubles.items():
        if not trouble.hangs and not trouble.stays:
            program.started.finish()
    until = time.monotonic() + DEADLINE
    while True:
        answers.update(ask_all(each for each in troubles if wrong_now(each, troubles, answers)))
        again = [each for each in troubles if wrong_now(each, troubles, answers)]
        waiting = [each for each in again if troubles[each].hangs or troubles[each].stays]
        if not waiting or time.monotonic() > until:
            break
    for program in again:
        yield told(program, wrong(troubles[program], answers[program]), answers[program])


def wrong_now(
    program: Program, troubles: dict[Program, Trouble], answers: dict[Program, Said]
) -> bool:
    """Whether it is not told right until now."""
    return program not in answers or bool(wrong(troubles[program], answers[program]))


def run(mpdebug: Command, lab: Lab, cases: list[tuple[Trouble, str]]) -> None:
    """Run the programs at the same time, and fail with all that is wrong."""
    with contextlib.ExitStack() as stack:
        stack.callback(end, lab)
        troubles = {Program(mpdebug, each.path, method): each for each, method in cases}
        faults = list(look(troubles))
    if faults:
        pytest.fail("\n".join(faults), pytrace=False)


def test_some_of_each_sort(mpdebug: Command, lab: Lab) -> None:
    """Locks, pools, queues, a barrier: what hangs, what is lost and what may hang is named."""
    run(mpdebug, lab, [(each, "fork") for each in TROUBLES if each.name in FIRST])


@pytest.mark.once
@pytest.mark.timeout(150)
@pytest.mark.parametrize("cases", batches())
def test_each_trouble_is_named(
    mpdebug: Command, lab: Lab, cases: list[tuple[Trouble, str]]
) -> None:
    """Under each start method that applies, with the words that the table has."""
    run(mpdebug, lab, cases)
