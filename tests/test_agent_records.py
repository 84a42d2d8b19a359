"""What a process logs is kept: whatever the values, the set-up of logging, or its end."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.harness import program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness import Both, Command

pytestmark = pytest.mark.one_way


def by_event(records: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The records by the first word of their event."""
    return {record["event"].split(" ")[0][:20]: record for record in records}


def test_records_that_others_lose_are_kept(both: Both) -> None:
    """Locks, cycles, surrogates, 10 MB, a __repr__ that raises: 17 records, none lost."""
    _, ours = both(program("bad_records.py"), options=["--keep"])
    found = ours.records
    assert len(found) == 17
    assert [record["n"] for record in found] == list(range(17))
    keys = by_event(found)
    assert keys["cycle"]["keys"]["value"] == ["<cycle>"]
    assert keys["cycle"]["keys"]["table"] == {"self": "<cycle>"}
    assert keys["surrogate"]["keys"]["value"] == "\udcff\ud800"
    assert "lambda" in keys["lambda"]["keys"]["value"]
    assert max(len(record["event"]) for record in found) == 10_000_000
    assert "repr raised RuntimeError" in str(found)
    assert keys["wrong"]["marked"].startswith("message: TypeError")
    assert keys["numbers"]["keys"]["value"][:3] == [1, 1.5, "nan"]
    raised = keys["raised"]["exception"]
    assert raised["type"] == "TwoArguments"
    assert raised["message"] == "a b"
    assert raised["frames"][-1][3] == 'raise TwoArguments("a", "b")'


@pytest.mark.parametrize(
    ("setup", "events", "shown"),
    [
        ("basicConfig", ["an info", "a warning"], [True, True]),
        ("force", ["an info", "a warning"], [True, True]),
        ("dictConfig", ["an info", "a warning"], [True, True]),
        ("file", ["an info", "a warning"], [None, None]),
        ("no propagate", ["an info", "a warning"], [None, True]),
        ("wrapped", ["an info", "a warning"], [True, True]),
        ("disabled", ["a warning"], [True]),
        ("level", [], []),
        ("plain", ["a warning"], [True]),
    ],
)
def test_every_setup_of_logging(
    both: Both, tmp_path: Path, setup: str, events: list[str], shown: list[bool | None]
) -> None:
    """What the program's levels let through is taken; what it prints itself is marked so."""
    _, ours = both(
        program("log_setups.py"),
        setup,
        str(tmp_path / "log"),
        options=["--keep", "--logs", "off"],
    )
    assert [record["event"] for record in ours.records] == events
    assert [record.get("shown") for record in ours.records] == shown


def test_what_the_programs_console_holds_back_is_kept_and_not_shown(mpdebug: Command) -> None:
    """A record below the level of the program's console handler shows with --logs all only."""
    script = program("log_setups.py")
    quiet = mpdebug(script, "held").ok()
    assert "an info" not in quiet.err
    loud = mpdebug("--logs", "all", script, "held").ok()
    assert "an info" in loud.err


@pytest.mark.parametrize(
    "setup", ["basicConfig", "dictConfig", "no propagate", "wrapped", "queue"]
)
def test_nothing_is_printed_twice(mpdebug: Command, setup: str) -> None:
    """A record that the program prints on our terminal is not printed by us as well."""
    done = mpdebug(program("log_setups.py"), setup, "x").ok()
    assert done.err.count("a warning") == 1, done.err


def test_a_listener_process_of_the_program_prints_once(
    mpdebug: Command, start_method: str
) -> None:
    """Records that workers queue and another process prints are taken once and shown once."""
    done = mpdebug("--keep", program("relays.py"), start_method).ok()
    assert sorted(r["event"] for r in done.records) == [f"step {n}" for n in range(4)]
    workers = {p.name: p.pid for p in done.run.processes}
    assert {r["pid"] for r in done.records} == {workers[f"worker-{n}"] for n in range(4)}
    assert [done.out.count(f"step {n}") for n in range(4)] == [1, 1, 1, 1]


@pytest.mark.parametrize("way", ["native", "stdlib", "formatter", "kwargs"])
def test_structlog_keeps_its_keys(both: Both, way: str) -> None:
    """Each event of structlog is one record with its keys, whatever it is rendered by."""
    pytest.importorskip("structlog")
    _, ours = both(program("structlog_ways.py"), way, options=["--keep", "--logs", "off"])
    assert [(r["event"], r["keys"]["rows"], r["keys"]["user"]) for r in ours.records] == [
        ("saved", 3, "ann"),
        ("again", 5, "ann"),
    ], ours.records
    assert [r["level"] for r in ours.records] == ["INFO", "WARNING"]
    assert all(r.get("shown") for r in ours.records)


@pytest.mark.parametrize(
    "how", ["SIGKILL", "SIGSEGV", "SIGTERM", "SIGABRT", "os._exit", "exception", "sys.exit"]
)
def test_the_last_words_are_kept(both: Both, start_method: str, how: str) -> None:
    """A record just before a violent end is there afterwards, under every start method."""
    _, ours = both(program("ends.py"), how, start_method, options=["--keep"])
    (record,) = ours.records
    assert record["event"] == "last words"
    (worker,) = [p for p in ours.run.processes if p.name == "w"]
    assert worker.pid == record["pid"]
    assert worker.ended is not None
    expected = {
        "os._exit": 3, "exception": 1, "sys.exit": 1, "SIGKILL": -signal.SIGKILL,
        "SIGSEGV": -signal.SIGSEGV, "SIGTERM": -signal.SIGTERM, "SIGABRT": -signal.SIGABRT,
    }  # fmt: skip
    assert worker.ended.status == expected[how]


def test_forks_while_threads_log(both: Both) -> None:
    """Forty children forked while two threads log: none hangs, none of 120 records is lost."""
    _, ours = both(program("forks_while_threads_log.py"), options=["--keep", "--logs", "off"])
    children = [r for r in ours.records if r["event"] == "from a child"]
    assert len(children) == 120
    assert len({r["pid"] for r in children}) == 40


def test_logging_from_a_signal_handler(mpdebug: Command) -> None:
    """A handler that logs in the middle of a record: no deadlock, no record lost or torn."""
    done = mpdebug("--keep", "--logs", "off", program("logs_in_a_signal_handler.py")).ok()
    fired, looped = map(int, done.out.split())
    events = [record["event"] for record in done.records]
    assert (events.count("from the handler"), events.count("from the loop")) == (fired, looped)


def test_an_exception_of_a_signal_handler_goes_through(mpdebug: Command) -> None:
    """A time-out raised out of a handler while we write a record reaches the program."""
    done = mpdebug("--logs", "off", program("raises_from_a_handler.py"), deadline=20).ok()
    assert done.out == "60\n"


@pytest.mark.parametrize("level", ["debug", "subdebug", "info"])
def test_multiprocessings_own_logger(mpdebug: Command, start_method: str, level: str) -> None:
    """--mp-log turns multiprocessing's logger on in every process."""
    code = (
        f"import multiprocessing; context = multiprocessing.get_context({start_method!r})\n"
        "for _ in range(2): child = context.Process(target=abs, args=(1,)); child.start()\n"
        "for child in multiprocessing.active_children(): child.join()\n"
    )
    done = mpdebug("--keep", "--mp-log", level, "-c", code).ok()
    own = [r for r in done.records if r["logger"] == "multiprocessing"]
    assert len({r["pid"] for r in own}) >= 3, done
    assert ({r["level"] for r in own} == {"INFO"}) == (level == "info")


def test_warnings_that_the_program_captures(mpdebug: Command) -> None:
    """logging.captureWarnings(True) brings warnings into the run."""
    code = "import logging, warnings; logging.captureWarnings(True); warnings.warn('old way')"
    done = mpdebug("--keep", "-c", code).ok()
    (record,) = done.records
    assert record["logger"] == "py.warnings"
    assert "old way" in record["event"]


def test_get_logger_takes_keys(mpdebug: Command) -> None:
    """mpdebug.get_logger() gives a structlog logger whose keys are in the record."""
    pytest.importorskip("structlog")
    code = (
        "import mpdebug; log = mpdebug.get_logger('shop').bind(user=1)\n"
        "log.info('sold', rows=2)"
    )
    done = mpdebug("--keep", "-c", code).ok()
    (record,) = done.records
    assert (record["logger"], record["event"]) == ("shop", "sold")
    assert record["keys"] == {"user": 1, "rows": 2}


@pytest.mark.parametrize("kind", ["pool", "executor"])
def test_the_task_in_hand_survives_its_worker(
    mpdebug: Command, start_method: str, kind: str
) -> None:
    """A worker killed in a task: the task, its arguments and where it came from are known."""
    done = mpdebug("--keep", program("tasks_in_hand.py"), kind, start_method).ok()
    (dead,) = [p for p in done.run.processes if p.ended and p.ended.status == -signal.SIGKILL]
    assert dead.role == f"{kind} worker"
    assert dead.task is not None
    assert (dead.task.call, dead.task.args, dead.task.phase) == ("work", "3", "running")
    assert dead.task.submitted_at.endswith(("tasks_in_hand.py:31", "tasks_in_hand.py:41"))
    assert dead.task.submitted_by in {"Pool.map_async", "ProcessPoolExecutor.map"}


def test_clocks_that_the_program_replaced_are_not_ours(both: Both) -> None:
    """A program that freezes `time`, or breaks it, has its records in the order they came."""
    code = (
        "import os, sys, time\n"
        "import logging\n"
        "real = time.monotonic_ns()\n"
        "for name in 'time', 'monotonic_ns':\n"
        "    for module in set(sys.modules.values()) - {time}:\n"
        "        if getattr(module, name, None) is getattr(time, name):\n"
        "            setattr(module, name, lambda: 5)\n"
        "time.time = lambda: 5.0\n"
        "time.time_ns = lambda: 5 * 10**9\n"
        "time.monotonic_ns = lambda: 1 // 0\n"
        "logging.warning('frozen')\n"
        "print(os.waitpid(os.fork() or os._exit(1), 0)[1])\n"
    )
    _, under = both("-c", code, options=["--keep"])
    (record,) = under.records
    assert record["time"] == 5.0
    assert record["mono"] > 10**9


def test_a_property_of_a_handler_that_raises_is_not_seen(both: Both) -> None:
    """We look at `handler.stream`: where that is a property that raises, nobody sees it."""
    code = (
        "import logging\n"
        "class Handler(logging.Handler):\n"
        "    @property\n"
        "    def stream(self): raise RuntimeError\n"
        "    def emit(self, record): print(record.getMessage())\n"
        "logging.getLogger().addHandler(Handler())\n"
        "logging.warning('emitted')\n"
    )
    plain, _ = both("-c", code)
    assert plain.out == "emitted\n"


def test_modules_beside_the_script_are_not_run_by_us(both: Both, tmp_path: Path) -> None:
    """`queue.py` and `token.py` beside a script that does not import them stay unimported."""
    for name in ("queue", "token", "traceback", "struct"):
        (tmp_path / f"{name}.py").write_text(f"print('{name} was run')\n")
    for text in ("import logging; logging.root.handle", "import os; os.kill(0, 0); 1 / 0"):
        (tmp_path / "script.py").write_text(f"{text}\n")
        both("script.py", cwd=tmp_path)
    (tmp_path / "traceback.py").unlink()
    (tmp_path / "token.py").unlink()
    (tmp_path / "struct.py").unlink()
    (tmp_path / "script.py").write_text("import logging\nlogging.warning('seen')\n")
    plain, under = both("script.py", cwd=tmp_path, options=["--keep"])
    assert plain.out == ""
    assert [record["event"] for record in under.records] == ["seen"]
