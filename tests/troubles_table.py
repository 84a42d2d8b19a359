"""What `mpdebug why` must say about each program of `tests/programs/troubles`.

A row has the finding's kind and the words that must be in it: names of processes, and in braces
a mark in the program: `{TAKEN}` is the file and line that ends with `# TAKEN`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mpdebug.model_waits import PROVED, SUSPECTED
from tests.harness import PROGRAMS, START_METHODS

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = PROGRAMS / "troubles"
FORK, SPAWN, FORKSERVER = (("fork",), ("spawn",), ("forkserver",))
EXECED = SPAWN + FORKSERVER
EITHER = ""


@dataclass(frozen=True)
class Trouble:
    """A program with one trouble, and how it must be told."""

    name: str
    kind: str  # of the finding; empty: nothing is wrong
    words: tuple[str, ...] = ()
    methods: tuple[str, ...] = START_METHODS
    certainty: str = PROVED  # EITHER: it depends on when it is asked
    hangs: bool = False  # the finding stands while the program does
    stays: bool = False  # the program does not end soon, though nobody waits for ever
    besides: frozenset[str] = frozenset()  # kinds that are right too

    @property
    def path(self) -> str:
        """Of the program."""
        return str(FOLDER / f"{self.name}.py")

    def missing(self, text: str) -> list[str]:
        """Which of the words are not in a finding's text."""
        return [word for word in marked(self.path, self.words) if word not in text]


def marked(path: str, words: Iterable[str]) -> list[str]:
    """The words, with the file and line of its mark for each `{MARK}`."""
    lines = enumerate(Path(path).read_text("utf-8").splitlines(), 1)
    places = {
        found[1]: f"{Path(path).name}:{number}"
        for number, line in lines
        if (found := re.search(r"# ([A-Z]+)$", line))
    }
    return [word.format_map(places) for word in words]


def hangs(name: str, kind: str, *words: str, **more: object) -> Trouble:
    """A trouble in which somebody waits for ever."""
    return Trouble(name, kind, words, hangs=True, **more)  # type: ignore[arg-type]


def limps(name: str, kind: str, *words: str, **more: object) -> Trouble:
    """A trouble that loses something, or is a hang of another day."""
    return Trouble(name, kind, words, **more)  # type: ignore[arg-type]


SEQUELS = frozenset(("died", "killed", "exit-code-ignored", "ended-by-os-exit"))
"""What many of these end with: it may be told beside the trouble itself."""
AT_ONCE = 6

TROUBLES = (
    limps("apply_async_swallowed", "apply-async-swallowed", "ValueError", "{ASKED}"),
    hangs("barrier_party_died", "barrier-party-gone", "bow", "middle", "stroke", "{MADE}"),
    hangs("barrier_too_few", "barrier-too-few", "3 of 4", "soprano", "{MADE}", "{WAITS}"),
    limps("breakpoint_child", ""),
    hangs("busy_loop", "busy", "{SPINS}", certainty=SUSPECTED),
    limps("cf_exc_required_args", "executor-broken", "MissingColumn", "{RAISED}"),
    limps("cf_worker_killed", "executor-broken", "SIGKILL", "render"),
    limps("cf_initializer_raises", "executor-broken", "initializer failed", "{RAISED}"),
    limps("ctx_mismatch", "context-mismatch", "{STARTED}", methods=EXECED),
    limps("daemon_children", "daemon-has-children", "{STARTED}"),
    limps("daemon_killed_at_exit", "daemon-terminated", "backup", certainty=SUSPECTED),
    hangs("event_setter_died", "event-never-set", "oven", "no gas", "{MADE}", "{WAITS}"),
    limps("exitcode_ignored", "exit-code-ignored", "importer", "KeyError"),
    limps("fd_leak", "descriptors-used-up", "{OPENS}", methods=FORK + FORKSERVER),
    hangs("flock_abba", "deadlock", "left", "right", "/paper", "/ink", "{WAITS}"),
    hangs(
        "fork_thread_lock",
        "thread-lock-across-fork",
        "page-reader",
        "writer",
        "{WAITS}",
        "{FORKED}",
        methods=FORK,
    ),
    hangs("halted_child", "halted", "napper", "{WAITS}", certainty=SUSPECTED),
    hangs("join_before_drain", "join-before-drain", "picker", "{MADE}", "{WAITS}"),
    hangs("joinable_no_task_done", "task-done-missing", "postman", "{MADE}", "{WAITS}"),
    hangs("lock_abba", "deadlock", "anna", "ben", "{KNIFE}", "{BOARD}", "{TAKEN}", "{WAITS}"),
    hangs(
        "lock_dead_holder",
        "lock-held-by-dead",
        "miner",
        "carter",
        "{MADE}",
        "{TAKEN}",
        "{WAITS}",
    ),
    limps("lock_gc_before_child", "lock-freed", "guarded", "{MADE}", methods=EXECED),
    limps("lock_in_task_args", "lock-in-task", "{ASKED}"),
    hangs(
        "lock_not_released_exception", "lock-left", "careless", "careful", "{MADE}", "{TAKEN}"
    ),
    limps("lock_order_latent", "lock-order", "{SAVINGS}", "{CURRENT}", certainty=SUSPECTED),
    limps(
        "lock_released_by_other", "lock-not-owned", "maid", "{RELEASED}", certainty=SUSPECTED
    ),
    hangs("lock_self", "lock-self", "clerk", "{MADE}", "{TAKEN}", "{WAITS}"),
    hangs("main_error_child_blocks_exit", "exit-waits", "printer", "LookupError"),
    limps("manager_dead", "manager-gone", "SIGKILL"),
    hangs(
        "manager_lock_dead_holder", "proxy-lock-held-by-dead", "intruder", "{TAKEN}", "{WAITS}"
    ),
    hangs("manager_lock_abba", "deadlock", "tom", "tim", "{TAKEN}", "{WAITS}"),
    hangs("manager_lock_self", "lock-self", "writer", "{TAKEN}", "{WAITS}"),
    limps("manager_lost_update", "lost-update", "{CHANGED}", certainty=EITHER),
    limps("manager_nested", "copy-changed", "{CHANGED}", certainty=EITHER),
    limps("oom_kill", "out-of-memory", "hoarder", certainty=EITHER),
    limps("orphan_after_parent_kill", "orphans", "watcher", stays=True),
    limps("os_exit_child", "ended-by-os-exit", "saver", "{ENDED}"),
    limps("pickle_lambda_spawn", "target-unpicklable", "lambda", "{STARTED}", methods=EXECED),
    hangs("pipe_end_open", "pipe-end-open", "listener", "{MADE}", "{WAITS}"),
    hangs("pool_callback_waits", "callback-waits", "{WAITS}"),
    hangs("pool_exc_required_args", "pool-result-thread-died", "TooHot", "{ASKED}"),
    limps("pool_exc_unpicklable", "pool-exception-unpicklable", "Occupied", "{RAISED}"),
    hangs("pool_func_defined_late", "lost-task", "triple", "{ASKED}"),
    hangs("pool_initializer_raises", "pool-initializer-fails", "no such database", "{RAISED}"),
    hangs("pool_starvation", "pool-starved", "{MADE}", "{ASKED}"),
    hangs("pool_worker_killed", "lost-task", "dig(2)", "SIGKILL", "{ASKED}"),
    hangs("pool_worker_sysexit", "lost-task", "check(2)", "this ticket is void", "{ASKED}"),
    limps("queue_empty_race", "queue-empty-lied", "{ASKED}", methods=FORK),
    hangs("queue_os_exit", "queue-items-unsent", "packer", "{MADE}"),
    hangs("queue_terminate_corrupt", "queue-lock-lost", "old", "new", "{MADE}"),
    hangs("queue_unpicklable", "queue-item-dropped", "inventor", "{MADE}", "{WAITS}"),
    limps("rng_duplicate", "same-random-numbers", "{USED}", certainty=EITHER, methods=FORK),
    limps("segv_child", "crashed", "peeker", "SIGSEGV", "{CRASHED}"),
    limps("shm_attach_unlinks", "shared-memory-unlinked", "{MADE}", methods=FORK),
    limps("shm_leak", "shared-memory-leaked", "{MADE}", methods=FORK),
    limps("sigbus_shm", "shared-memory-short", "painter", "{CRASHED}", certainty=EITHER),
    limps("sigint_pool", "interrupted", "knit"),
    hangs("sigint_pool_close_join", "lost-task", "knit", "{WAITS}"),
    limps("spawn_global_missing", "name-under-guard", "RATE", "{MISSING}", methods=EXECED),
    hangs("spawn_unguarded_pool", "no-main-guard", "{MADE}", methods=EXECED),
    limps("spawn_unguarded_process", "no-main-guard", "{STARTED}", methods=EXECED),
    limps("stdin_child", "stdin-closed", "asker", "{ASKED}"),
    hangs("subprocess_pipe_full", "subprocess-pipe-full", "{WAITS}", methods=FORK),
    limps("value_lost_update", "lost-update", "{CHANGED}", certainty=EITHER),
    limps("zombies", "zombies", methods=FORK, stays=True, certainty=SUSPECTED),
)


def batches() -> list[Any]:
    """All programs under each start method that applies, so many at once, as parameters."""
    cases = [
        (each, method)
        for method in START_METHODS
        for each in TROUBLES
        if method in each.methods and each.name != "oom_kill"  # see test_oom
    ]
    rows = [cases[n : n + AT_ONCE] for n in range(0, len(cases), AT_ONCE)]
    return [pytest.param(row, id=f"{row[0][1]}-{row[0][0].name}") for row in rows]
