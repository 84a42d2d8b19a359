"""The architecture, held: who may import whom, what is loaded where, how long a file may be.

The rules are in `floors`; every rule is also shown a violation, so that it is known to bite.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mpdebug import errors
from tests import floors
from tests.harness import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.harness import Command

pytestmark = pytest.mark.once

RULES = [
    floors.forbidden_edges,
    floors.cycles,
    floors.foreign_imports,
    floors.impurities,
    floors.prints,
    floors.platform_questions,
    floors.too_long,
]

# What no process of the program may load on our account: each costs a child milliseconds.
HEAVY = {
    "asyncio", "collections", "concurrent", "contextlib", "ctypes", "dataclasses", "enum",
    "functools", "importlib.metadata", "inspect", "json", "linecache", "logging",
    "multiprocessing", "pathlib", "pdb", "prompt_toolkit", "psutil", "queue", "random", "re",
    "rich", "selectors", "shutil", "socket", "structlog", "subprocess", "tempfile",
    "threading", "tokenize", "traceback", "typing", "weakref",
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_rule(rule: Callable[[dict[str, str]], list[str]]) -> None:
    """No module of the package breaks the rule."""
    assert rule(floors.sources()) == []


def test_no_file_of_the_repository_is_too_long() -> None:
    """Tests and examples are read by people too."""
    files = {
        str(path.relative_to(ROOT)): path.read_text("utf-8")
        for folder in ("tests", "examples")
        for path in (ROOT / folder).rglob("*.py")
    }
    assert floors.too_long(files) == []


def _name(part: object) -> str:
    return part.__name__ if callable(part) else next(iter(part))  # type: ignore[call-overload,attr-defined,no-any-return]


VIOLATIONS: list[tuple[Callable[[dict[str, str]], list[str]], dict[str, str]]] = [
    (floors.forbidden_edges, {"mpdebug.agent.x": "from mpdebug.patch import registry"}),
    (floors.forbidden_edges, {"mpdebug.agent.x": "def f():\n    import mpdebug.observer.run"}),
    (floors.forbidden_edges, {"mpdebug.views.x": "from mpdebug.observer.run import read_run"}),
    (floors.forbidden_edges, {"mpdebug.agent.x": "import mpdebug"}),
    (floors.forbidden_edges, {"mpdebug.agent.x": "from . import y"}),
    (floors.forbidden_edges, {"mpdebug.newpart.x": ""}),
    (
        floors.cycles,
        {
            "mpdebug.agent.a": "from mpdebug.agent import b",
            "mpdebug.agent.b": "from mpdebug.agent.c import C",
            "mpdebug.agent.c": "def f():\n    from mpdebug.agent.a import A",
        },
    ),
    (floors.foreign_imports, {"mpdebug.rundir.x": "import psutil"}),
    (floors.foreign_imports, {"mpdebug.observer.x": "from rich.text import Text"}),
    (floors.impurities, {"mpdebug.diagnosis.x": "from time import monotonic"}),
    (floors.impurities, {"mpdebug.views.x": "import time\nnow = time.monotonic()"}),
    (floors.impurities, {"mpdebug.views.x": "def f(p):\n    return open(p).read()"}),
    (floors.prints, {"mpdebug.observer.x": "def f():\n    print(1)"}),
    (floors.prints, {"mpdebug.supervisor.x": "import sys\ndef f():\n    sys.exit(1)"}),
    (
        floors.platform_questions,
        {"mpdebug.agent.x": "import sys\nX = sys.version_info > (3,)"},
    ),
    (floors.platform_questions, {"mpdebug.agent.x": "import sys\nif sys.platform == 'x': ..."}),
    (floors.too_long, {"mpdebug.agent.x": "x = 1\n" * 401}),
]


@pytest.mark.parametrize(("rule", "made_up"), VIOLATIONS, ids=_name)
def test_the_rule_finds_a_violation(
    rule: Callable[[dict[str, str]], list[str]], made_up: dict[str, str]
) -> None:
    """A made-up module that breaks the rule is found, once."""
    assert len(rule(made_up)) == 1


def test_what_is_allowed_is_not_a_violation() -> None:
    """To import what is below, to show oneself when run, to ask in env: all fine."""
    good = {
        "mpdebug.env": "import sys\nLINUX = sys.platform == 'linux'",
        "mpdebug.agent.x": "from mpdebug import env\nfrom mpdebug.rundir import layout",
        "mpdebug.rundir.layout": "",
        "mpdebug.views.x": "import rich, time\nif __name__ == '__main__':\n    print(1)",
        "mpdebug.cli.x": "import sys\nfrom mpdebug.views import x\nprint(1)\nsys.exit(0)",
    }
    assert [problem for rule in RULES for problem in rule(good)] == []


def test_importing_mpdebug_imports_nothing(plain: Command) -> None:
    """`import mpdebug` costs a process one module, whatever it has loaded before."""
    code = "import sys; old = set(sys.modules); import mpdebug; print(set(sys.modules) - old)"
    assert plain("-c", code).ok().out == "{'mpdebug'}\n"


LIST_MODULES = "import sys; names = list(sys.modules); import json; print(json.dumps(names))"


def test_the_agent_loads_nothing_heavy(plain: Command, mpdebug: Command) -> None:
    """A program that imports nothing pays for no module but ours and a few of the core."""
    ours = set(json.loads(mpdebug("-c", LIST_MODULES).ok().out))
    extra = ours - set(json.loads(plain("-c", LIST_MODULES).ok().out))
    assert any(name.startswith("mpdebug.agent") for name in extra)
    assert extra & HEAVY == set()
    assert "mpdebug.model" not in extra


def test_the_list_of_heavy_modules_bites(plain: Command) -> None:
    """A program that loads one of them is told from one that does not."""
    names = set(json.loads(plain("-c", "import dataclasses; " + LIST_MODULES).ok().out))
    assert names & HEAVY


def _all_errors(base: type[errors.MpdebugError]) -> Iterator[type[errors.MpdebugError]]:
    for each in base.__subclasses__():
        yield each
        yield from _all_errors(each)


ERRORS = sorted(_all_errors(errors.MpdebugError), key=lambda each: each.__name__)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_an_error_carries_its_cure(error: type[errors.MpdebugError]) -> None:
    """Each kind of error says what it means, what to type next, and has an exit status."""
    assert "__doc__" in vars(error)
    assert error("what was attempted").cure.strip()
    assert error("what was attempted", "type this").cure == "type this"
    assert str(error("what was attempted")) == "what was attempted"
    assert 0 < error.status < 128


def test_errors_are_told_in_one_place() -> None:
    """Only errors.py makes subclasses of MpdebugError, so that the list above is whole."""
    elsewhere = [
        name
        for name, text in floors.sources().items()
        if name != "mpdebug.errors" and "MpdebugError)" in text and "class " in text
        if any("class " in line and "MpdebugError)" in line for line in text.splitlines())
    ]
    assert elsewhere == []
    assert len(ERRORS) >= 8
