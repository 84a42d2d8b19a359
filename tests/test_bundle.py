"""What is made ready for processes that are to come: our byte code, and their folders."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mpdebug.rundir import bundle, layout
from mpdebug.supervisor.spares import Spares
from tests.harness import program

if TYPE_CHECKING:
    from tests.harness import Command

pytestmark = pytest.mark.one_way

LOADED = (
    "import sys; print(*sorted({type(module.__spec__.loader).__name__ for name, module in"
    " sys.modules.items() if name.partition('.')[0] == 'mpdebug'}))"
)
DOOR = str(Path(__file__).parent.parent / "mpdebug" / "entry" / "door")
CODE = layout.CODE.format(MAGIC_NUMBER.hex(), 0)


def test_all_that_a_worker_loads_of_us_is_in_the_bundle(
    mpdebug: Command, start_method: str
) -> None:
    """With logs, locks, queues and tasks: the list of what is in there cannot rot.

    It begins once the bundle is there: that takes a while where all has to be compiled.
    """
    code = (
        "import os, sys\n"
        "run = os.environ['MPDEBUG_RUN'].partition('dir=')[2]\n"
        f"while not os.path.exists(os.path.join(run, {CODE!r})): pass\n"
        "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n"
    )
    done = mpdebug("--keep", "-c", code, program("loads_us.py"), start_method).ok()
    said = done.out.splitlines()
    assert said
    assert set(said) == {"_Bundle"}


def test_a_python_with_other_byte_code_does_not_use_it(mpdebug: Command) -> None:
    """A child with -O finds no file for it, and is observed all the same."""
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-O', '-c', {LOADED!r}])"
    done = mpdebug("--keep", "-c", code).ok()
    assert done.out == "SourceFileLoader\n"
    assert len(done.run.processes) == 2


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run folder with a bundle of ours in it."""
    (tmp_path / "run" / layout.PROCESSES).mkdir(parents=True)
    bundle.write(str(tmp_path / "run"))
    return tmp_path / "run"


def loaders(plain: Command, run: Path, *flags: str) -> str:
    """What loaded our modules in a Python that belongs to this run."""
    env = {"MPDEBUG_RUN": f"dir={run}", "PYTHONPATH": DOOR}
    return plain(*flags, "-c", LOADED, env=env).ok().out.strip()


def test_a_module_of_it_says_where_its_source_is(plain: Command, folder: Path) -> None:
    """Who lists modules by the origin of their spec finds ours as ever."""
    env = {"MPDEBUG_RUN": f"dir={folder}", "PYTHONPATH": DOOR}
    code = "import mpdebug.agent as m; print(m.__spec__.origin, m.__file__, *m.__path__)"
    file = Path(bundle.PACKAGE, "agent", "__init__.py")
    assert plain("-c", code, env=env).ok().out == f"{file} {file} {file.parent}\n"


def test_it_is_used(plain: Command, folder: Path) -> None:
    """The others here prove something: with the file as it should be it is used."""
    assert loaders(plain, folder) == "_Bundle"


@pytest.mark.parametrize(
    ("flags", "groups"),
    [((), bundle.START), (("--multiprocessing-fork",), bundle.START + bundle.WORKER)],
    ids=["any", "spawn"],
)
def test_what_is_loaded_at_once_is_what_is_needed(
    plain: Command, folder: Path, flags: tuple[str, ...], groups: str
) -> None:
    """Nothing more and nothing less, each behind what it imports; of the program's nothing."""
    env = {"MPDEBUG_RUN": f"dir={folder}", "PYTHONPATH": DOOR}
    code = (
        "import sys; ours = lambda: sorted(m for m in sys.modules if m.startswith('mpdebug'))\n"
        "print(*ours(), *sys.modules.keys() & {'__future__', 'multiprocessing', '_json'})\n"
        "if len(sys.argv) > 1: import multiprocessing.spawn\n"
        "print(*ours())"
    )
    at_once, needed = plain("-c", code, *flags, env=env).ok().out.splitlines()
    names = (f"mpdebug/{path}".removesuffix("/__init__") for path in groups.split())
    assert at_once == needed
    assert at_once.split() == sorted(name.replace("/", ".") for name in names)
    assert loaders(plain, folder) == "_Bundle"


@pytest.mark.parametrize("length", [0, 3, 2000, 60_000])
def test_a_torn_one_does_no_harm(plain: Command, folder: Path, length: int) -> None:
    """Cut anywhere: what is whole is used, and the rest is found where it always was."""
    os.truncate(folder / CODE, length)
    assert "SourceFileLoader" in loaders(plain, folder)


def test_what_others_may_write_is_not_run(plain: Command, folder: Path) -> None:
    """A file that others may write could hold anybody's code."""
    (folder / CODE).chmod(0o622)
    assert loaders(plain, folder) == "SourceFileLoader"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file to somebody else")
def test_what_others_own_is_not_run(plain: Command, folder: Path) -> None:
    """Nor is a file of another user."""
    os.chown(folder / CODE, 65534, 65534)
    assert loaders(plain, folder) == "SourceFileLoader"


def test_one_of_another_installation_is_not_run(plain: Command, folder: Path) -> None:
    """The door leads into one package, and the code is of that one."""
    data = (folder / CODE).read_bytes()
    ours = bundle.PACKAGE.encode()
    assert ours in data
    (folder / CODE).write_bytes(data.replace(ours, ours[:-1] + b"X"))
    assert loaders(plain, folder) == "SourceFileLoader"


def test_code_is_compiled_where_none_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without `__pycache__` the same code comes out."""
    cached = bundle.code_of("settings")
    source = Path(bundle.PACKAGE, "settings.py").read_bytes()
    (tmp_path / "settings.py").write_bytes(source)
    monkeypatch.setattr(bundle, "PACKAGE", str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    compiled = bundle.code_of("settings")
    assert len(compiled) > 1000
    assert abs(len(compiled) - len(cached)) < 200  # the path is another one
    assert not (tmp_path / "__pycache__").exists()


def test_half_of_it_does_not_stay(plain: Command, folder: Path) -> None:
    """Where it cannot be written as a whole, what room the disk has is left to the others."""
    (folder / CODE).unlink()
    code = (
        "import resource, sys; from mpdebug.rundir import bundle\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "try:\n    bundle.write(sys.argv[1])\nexcept OSError:\n    print('no room')\n"
    )
    flags = ["-B"]  # Python itself would leave half of a .pyc
    assert plain("-c", code, folder, flags=flags).ok().out == "no room\n"
    assert os.listdir(folder) == [layout.PROCESSES]


def test_folders_are_made_ahead_as_processes_come(tmp_path: Path) -> None:
    """One at first, one more with each that came, at most eight; gone at the end."""
    spares = Spares(str(tmp_path))
    spare = tmp_path / layout.SPARE

    def made() -> int:
        while spares.wanting:
            spares.make_one()
        return len([name for name in os.listdir(spare) if name.isdigit()])

    found = [made()]
    for _ in range(9):
        spares.one_came()
        found.append(made())
    assert found == [1, 2, 3, 4, 5, 6, 7, 8, 8, 8]
    assert {path.name for path in (spare / "0").iterdir()} == {
        layout.PROCESS,
        layout.FAULTS,
        layout.EVENTS,
        layout.RECORDS,
    }
    (spare / "3").rename(tmp_path / "taken")
    spares.one_came()
    assert made() == 8
    spares.close()
    assert not spare.exists()


def test_none_can_be_taken_while_they_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that begins at the very end does not lose the files of its folder again."""
    spares = Spares(str(tmp_path))
    spares.make_one()
    there = []
    rmtree = shutil.rmtree

    def look(path: str) -> None:
        there.extend(os.listdir(path))
        rmtree(path)

    monkeypatch.setattr(shutil, "rmtree", look)
    spares.close()
    assert there == ["new"]
    assert not (tmp_path / layout.SPARE).exists()


def test_a_process_takes_one(mpdebug: Command) -> None:
    """A child that begins while one is ready has that very folder, and more are made."""
    done = mpdebug("--keep", program("takes_spares.py")).ok()
    assert done.out == "taken\nthree are ready\n"
    assert len(done.run.processes) == 2
    assert not (Path(done.run_folder) / layout.SPARE).exists()
