"""The picture in the README: a real run, drawn as `mpdebug tree` draws it.

    python examples/picture.py            draws examples/picture.svg anew
    python examples/picture.py FILE       draws it there

What differs from run to run (pids, times, memory, processor) is replaced by made-up numbers;
names, roles, states, tasks and log records are those of the run.
"""

import concurrent.futures
import contextlib
import dataclasses
import io
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

PICTURE = Path(__file__).with_suffix(".svg")
WIDTH = 156
DEADLINE = 60.0
WANTED = {"running": 1, "waits": 1, "idle": 2, "stopped": 1, "bad": 1, "ended": 1}
"""Kind of state → so many rows that have it, once the photo service has come so far."""

SAY = ("ForkProcess-11", "indexer", "uploader")
"""Those that log."""


def render(photo):
    """A task that takes its time."""
    logging.getLogger("photos").info("rendering %s", photo)
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        pass


def upload(album):
    """Somebody looks at what it does."""
    logging.getLogger("photos").info("%s: 3 of 7 sent", album)
    breakpoint()


def index():
    """It comes to grief."""
    logging.getLogger("photos").info("index opened")
    os.kill(os.getpid(), signal.SIGKILL)


def photo_service():
    """The program in the picture."""
    logging.basicConfig(level=logging.INFO)
    context = multiprocessing.get_context("fork")
    with context.Pool(2):  # they have no work yet
        resized = [context.Process(target=abs, args=(n,), name=f"resize-{n}") for n in range(8)]
        for process in resized:
            process.start()
            process.join()
        executor = concurrent.futures.ProcessPoolExecutor(1, mp_context=context)
        executor.submit(render, "dunes.jpg")
        indexer = context.Process(target=index, name="indexer")
        uploader = context.Process(target=upload, args=("summer",), name="uploader")
        for process in (indexer, uploader):
            process.start()
        for process in (indexer, uploader):
            process.join()


def look_at(run, service):
    """The tree of the run, when everybody is where the picture wants them."""
    from mpdebug import errors  # noqa: PLC0415 - the program does without
    from mpdebug.cli.look import Look  # noqa: PLC0415 - the program does without

    end = time.monotonic() + DEADLINE
    counts = {}
    while time.monotonic() < end and service.poll() is None:
        try:
            tree = Look(run).tree(sort="name")  # siblings may begin in any order
        except errors.NoSuchRunError:  # not yet
            time.sleep(0.05)
            continue
        counts = Counter(row.state.kind for row in tree.rows)
        logged = sum(row.record is not None for row in tree.rows)
        if (
            counts == WANTED
            and logged == len(SAY)
            and any(row.process.task for row in tree.rows)
        ):
            return tree
        time.sleep(0.05)
    raise SystemExit(f"the photo service did not come so far: {dict(counts)}")


def end(run, service):
    """End all processes of the run; the supervisor leaves when the last is gone."""
    from mpdebug import errors  # noqa: PLC0415 - the program does without
    from mpdebug.observer.run import read_run  # noqa: PLC0415 - the program does without

    with contextlib.suppress(errors.NoSuchRunError):
        for process in read_run(run).processes:
            if process.alive:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
    try:
        service.wait(DEADLINE)
    finally:
        service.kill()
        service.wait()


def made_alike(tree):
    """The same tree with numbers that are the same each time."""
    second = 1_000_000_000
    rows = []
    for number, row in enumerate(tree.rows):
        process = dataclasses.replace(row.process, pid=7440 + 2 * number, mono=number * second)
        if process.task:
            since = dataclasses.replace(process.task, since=12 * second)
            process = dataclasses.replace(process, task=since)
        if process.ended:
            ended = dataclasses.replace(process.ended, mono=process.mono + second)
            process = dataclasses.replace(process, ended=ended)
        sample = row.sample and dataclasses.replace(
            row.sample,
            cpu=97.0 if process.task else 0.0,
            rss=(24 + 3 * number) * 1_000_000,
            threads=1 if number else 5,
            descriptors=9 + number,
        )
        rows.append(dataclasses.replace(row, process=process, sample=sample))
    run = dataclasses.replace(tree.run, id="k7f2", command=("photos.py",))
    samples = tuple(row.sample for row in rows if row.sample)
    facts = {"run": run, "rows": tuple(rows), "samples": samples}
    return dataclasses.replace(tree, mono=14 * second, at=1e9, **facts)


def drawn():
    """The picture, as the text of an SVG file."""
    from rich.console import Console  # noqa: PLC0415 - the program does without

    from mpdebug.views.tree import tree as view  # noqa: PLC0415 - the program does without

    with tempfile.TemporaryDirectory() as folder:
        run = str(Path(folder, "run"))
        command = ["--wait", "600", "--run-dir", run, str(Path(__file__).resolve()), "photos"]
        service = subprocess.Popen(
            [sys.executable, "-m", "mpdebug", *command],
            cwd=Path(__file__).parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            found = look_at(run, service)
        finally:
            end(run, service)
    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), color_system="truecolor", no_color=False
    )
    console.print(view(made_alike(found)))
    return console.export_svg(title="mpdebug tree", unique_id="mpdebug")


if __name__ == "__main__":
    if sys.argv[1:] == ["photos"]:
        photo_service()
    else:
        Path(*(sys.argv[1:] or [PICTURE])).write_text(drawn(), "utf-8")
