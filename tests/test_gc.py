"""`mpdebug gc`: what a killed tree left in /dev/shm, listed and removed; nothing else is."""

from __future__ import annotations

import argparse
import io
import json
import mmap
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from mpdebug.cli import gc
from mpdebug.model_shared import FREE, IN_USE
from mpdebug.observer import kept
from mpdebug.views import kept as view
from tests.harness import program
from tests.leftovers import SHM
from tests.marks import marked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import RenderableType

    from tests.harness import Command, Handshake, Started

KILLED = program("killed_with_its_tracker.py")


@pytest.fixture
def left(mpdebug: Command, handshake: Callable[[], Handshake]) -> Iterator[Started]:
    """A program that has made its things and whose resource tracker is dead."""
    ready = handshake()
    started = mpdebug.start("--keep", KILLED, ready.path)
    ready.wait()
    yield started
    for name in names(started):
        (SHM / name).unlink(missing_ok=True)


def drawn(what: RenderableType) -> str:
    """A renderable as text."""
    console = Console(file=io.StringIO(), width=120, color_system=None)
    with console.capture() as captured:
        console.print(what)
    return captured.get()


def names(started: Started) -> list[str]:
    """What the program has made, by its files."""
    segment, semaphore = started.wait_for("\n", "stdout").split()
    return [segment, f"sem.{semaphore}"]


def run_of(started: Started) -> str:
    """The path of its run."""
    [folder] = started.lab.state_home.glob("mpdebug/*")
    return str(folder)


def ask(capfd: pytest.CaptureFixture[str], *words: str, status: int = 0) -> dict[str, Any]:
    """The objects of `mpdebug gc --json …` by name, in this process."""
    parser = argparse.ArgumentParser()
    gc.add_arguments(parser)
    assert gc.main(parser.parse_args([*words, "--json"])) == status
    return {row["name"]: row for row in map(json.loads, capfd.readouterr().out.splitlines())}


@pytest.mark.leaves("shm")
def test_what_a_killed_tree_leaves_is_removed_and_not_before(
    left: Started, capfd: pytest.CaptureFixture[str]
) -> None:
    """While a process has it, it is in use and stays; when all are dead it is removed."""
    run, made = run_of(left), names(left)
    while_it_lives = ask(capfd, run, "--remove")
    assert {while_it_lives[name]["state"] for name in made} == {"in use"}
    assert [each["how"] for each in while_it_lives[made[0]]["holders"]] == ["maps"]
    where = {name: while_it_lives[name]["made"]["where"].rpartition("/")[2] for name in made}
    assert where == {
        name: f"killed_with_its_tracker.py:{at}"
        for name, at in zip(
            made, marked(KILLED, "segment") + marked(KILLED, "semaphore"), strict=True
        )
    }
    [pid] = {each["pid"] for each in while_it_lives[made[0]]["holders"]}
    os.kill(pid, signal.SIGKILL)
    left.finish()
    assert ask(capfd)[made[1]]["state"] == FREE  # the other has a name of the program's own
    listed = ask(capfd, run)
    assert {listed[name]["state"] for name in made} == {FREE}
    removed = ask(capfd, run, "--remove")
    assert {removed[name]["state"] for name in made} == {"removed"}
    assert [name for name in made if (SHM / name).exists()] == []
    assert ask(capfd, run) == {}


def test_who_only_has_it_open_or_maps_it_is_seen() -> None:
    """The kernel grants the lease to nobody while it is open or mapped, by whomever."""
    name = f"psm_{os.getpid() % 0xFFFFFFFF:08x}"
    path = SHM / name
    path.write_bytes(bytes(100))
    os.utime(path, (1, 1))  # older than any resource tracker
    try:
        with path.open("rb") as file:
            opened = {one.name: one.state for one in kept.look()}
            with mmap.mmap(file.fileno(), 100, prot=mmap.PROT_READ) as mapped:
                file.close()
                still = {one.name: one for one in kept.look()}
                assert not kept.remove(still[name])
                assert mapped[0] == 0
        free = {one.name: one for one in kept.look()}
        assert (opened[name], still[name].state, free[name].state) == (IN_USE, IN_USE, FREE)
        assert kept.remove(free[name])
        assert not kept.remove(free[name])
    finally:
        path.unlink(missing_ok=True)


def test_a_name_of_the_programs_own_is_no_leftover_of_anybody() -> None:
    """Without RUN only names that multiprocessing chooses are looked at."""
    path = SHM / f"mpdebug_test_{os.getpid()}"
    path.write_bytes(b"")
    try:
        assert path.name not in {one.name for one in kept.look()}
    finally:
        path.unlink()


def test_the_table_says_what_to_type() -> None:
    """What is left over is counted, and the way to remove it is told."""
    text = drawn(view.kept(view.sample()))
    assert "1 left over, 1,000,000 bytes. To remove them: mpdebug gc --remove" in text
    assert "python (pid 12)" in text
    assert "Nothing is left over." in drawn(view.kept([]))
