"""Samples of processes: what they cost and wait for, in every state a process can be in."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
from typing import TYPE_CHECKING

import psutil
import pytest

from mpdebug.model import Ended, Process, Sample
from mpdebug.observer import sampling, waiting
from mpdebug.observer.sampling import Sampler
from mpdebug.rundir import layout
from tests.harness import program, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.harness import Command

EXPECTED = {
    "sleep": "sleeps",
    "pipe": "reads a pipe",
    "full pipe": "writes to a pipe",
    "socket": "reads a socket",
    "lock": "waits for a thread",
    "mp lock": "waits for an mp lock",
    "select": "waits for input",
    "pause": "waits for a signal",
    "child": "waits for a child",
    "accept": "waits for a connection",
}


def process(pid: int, *, alive: bool = True, start: int | None = None) -> Process:
    """A process of a run, as the model has it."""
    start = layout.start_of(pid) or 0 if start is None else start
    return Process(str(pid), pid, start, 1, "x", "worker", alive=alive)


def sample(one: Process) -> Sample | None:
    """One look with a sampler of its own."""
    return Sampler().sample([one]).get(one.key)


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A child that sleeps."""
    with subprocess.Popen(["sleep", "600"]) as started:
        yield started
        started.kill()


def test_every_state_and_every_wait_is_told(plain: Command) -> None:
    """Sleeping, halted, zombie, uninterruptible, running; and what sleepers wait for."""
    started = plain.start(program("waits_in_calls.py"))
    pids: dict[str, int] = json.loads(started.wait_for("}", "stdout"))

    def seen(kind: str) -> Sample:
        return sample(process(pids[kind])) or Sample("gone", 0)

    for kind, words in EXPECTED.items():
        until(lambda k=kind, w=words: seen(k).waits == w, f"{kind}: {words}")  # type: ignore[misc]
    below = psutil.Process(pids["child"]).children()[0]
    assert seen("child").waits_pid == below.pid
    for kind, status in (("halted", "stopped"), ("zombie", "zombie"), ("disk", "disk-sleep")):
        until(lambda k=kind, s=status: seen(k).status == s, f"{kind}: {status}")  # type: ignore[misc]
    ended = dataclasses.replace(process(pids["zombie"], alive=False), ended=Ended(1, 0))
    zombie = sample(ended)
    assert zombie
    assert (zombie.status, zombie.rss) == ("zombie", -1)

    spinning, sampler = process(pids["spin"]), Sampler()
    first = sampler.sample([spinning])[spinning.key]
    assert first.cpu is None
    assert first.rss > 0
    assert first.threads == 1
    until(lambda: (sampler.sample([spinning])[spinning.key].cpu or 0) > 1, "it uses a core")
    started.finish().ok()


def test_a_process_that_has_ended_has_no_sample(child: subprocess.Popen[bytes]) -> None:
    """Also one that ends, or whose pid is given to another, between two looks."""
    one, sampler = process(child.pid), Sampler()
    assert sampler.sample([one])
    assert not Sampler().sample([process(child.pid, start=one.start + 1)])
    child.kill()
    until(lambda: sampler.sample([one])[one.key].status == "zombie", "it is a zombie")
    child.wait()
    assert not sampler.sample([one])
    assert not sampler.sample([dataclasses.replace(one, alive=False)])


def test_a_process_may_end_while_it_is_sampled(
    child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its status was read and its threads can no longer be: it is left out, others are not."""
    dying = process(child.pid)
    read = psutil.Process.num_threads

    def dies_before(one: psutil.Process) -> object:
        if one.pid == child.pid:
            child.kill()
            child.wait()
        return read(one)

    monkeypatch.setattr(psutil.Process, "num_threads", dies_before)
    assert list(Sampler().sample([dying, process(os.getpid())])) == [str(os.getpid())]


def test_what_we_may_not_look_at_is_said(
    child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process of another user has a sample that says so."""

    def refuses(one: psutil.Process) -> object:
        raise psutil.AccessDenied(one.pid)

    monkeypatch.setattr(psutil.Process, "num_threads", refuses)
    found = sample(process(child.pid))
    assert found
    assert (found.status, found.why, found.rss) == ("", sampling.NOT_ALLOWED, -1)


def test_without_ptrace_the_place_in_the_kernel_is_told(
    child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the system call may not be read, the name of the place in the kernel may."""
    read: Callable[[str], str] = waiting._read

    def refuses(path: str) -> str:
        if path.endswith("syscall"):
            raise PermissionError
        return read(path)

    monkeypatch.setattr(waiting, "_read", refuses)
    until(lambda: waiting.wait_of(child.pid).words == "sleeps", "it sleeps")


def test_true_memory_is_read_rarely(
    child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """PSS is there, is no more than RSS, and the second look takes it from the first."""
    until(lambda: psutil.Process(child.pid).name() == "sleep", "it is exec'ed")
    asked = []
    read = psutil.Process.memory_full_info

    def counted(one: psutil.Process) -> object:
        asked.append(one.pid)
        return read(one)

    monkeypatch.setattr(psutil.Process, "memory_full_info", counted)
    one, sampler = process(child.pid), Sampler("pss")
    first, second = (sampler.sample([one], descriptors=True)[one.key] for _ in range(2))
    assert 0 < first.pss <= first.rss
    assert second.pss == first.pss
    assert asked == [child.pid]
    assert first.descriptors >= 3
    assert Sampler().sample([one])[one.key].descriptors == -1
