"""The rules of the architecture as a table, and what breaks them in a set of sources.

Sources are a dict {module name: text}, so that each rule can be shown a made-up violation.
A problem is a line of text that begins with the module's name.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "mpdebug"
LONGEST = 400

# Part → the parts it may import. A part is a folder of the package, or a module of its top.
PLAIN = {"errors", "env", "real", "settings"}
WRITING = {*PLAIN, "rundir"}
MODEL = {"model", "model_shared", "model_stacks", "model_waits"}
FLOORS: dict[str, set[str]] = {
    "errors": set(),
    "env": set(),
    "real": set(),
    "settings": set(),
    "model": set(),
    "model_shared": {"model"},
    "model_stacks": {"model"},
    "model_waits": {"model", "model_shared"},
    "rundir": PLAIN,
    "agent": WRITING,
    "patch": {*WRITING, "agent"},
    "entry": {*WRITING, "agent", "patch", "top"},
    "observer": {*WRITING, *MODEL},
    "diagnosis": MODEL,
    "views": MODEL,
    "supervisor": {*WRITING, "model", "entry"},
    "cli": {*WRITING, *MODEL, "entry", "observer", "diagnosis", "views", "supervisor", "top"},
    "top": {
        "entry",
        "cli",
    },  # for type checkers only; see test_importing_mpdebug_imports_nothing
    "__main__": {"cli"},
}
"""`top` is mpdebug/__init__.py: its version and its public functions."""

# Part, or last word of a module → packages beside the standard library that it may import.
FOREIGN: dict[str, set[str]] = {
    "observer": {"psutil"},
    "views": {"rich", "structlog"},
    "supervisor": {"psutil"},
    "cli": {"prompt_toolkit", "psutil", "pygments", "rich", "structlog"},
    "logger": {"structlog"},  # mpdebug.get_logger(), for programs that have structlog
}

# Pure parts get data and give data: no clock, no files, no processes. To write down a given
# time is no clock (strftime, localtime of a number).
IMPURE = {
    "glob",
    "io",
    "mmap",
    "multiprocessing",
    "os",
    "pathlib",
    "psutil",
    "select",
    "shutil",
}
IMPURE |= {"socket", "subprocess", "tempfile", "threading"}
CLOCKS = {"monotonic", "monotonic_ns", "perf_counter", "sleep", "time", "time_ns"}
PURE = {"diagnosis", "views"}
PRINTS = {"print", "input", "breakpoint", "exit", "quit"}
LEAVES = {("sys", "exit")}
OF_THE_PLATFORM = {("sys", "version_info"), ("sys", "hexversion"), ("sys", "platform")}
OF_THE_PLATFORM |= {("os", "uname")}
DOOR = "mpdebug.entry.door."


def sources(folder: Path = PACKAGE) -> dict[str, str]:
    """All modules of the package; a package is named as it is imported, without `__init__`."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        words = path.relative_to(folder.parent).with_suffix("").parts
        name = ".".join(words[:-1] if words[-1] == "__init__" else words)
        found[name] = path.read_text("utf-8")
    return found


def part_of(module: str) -> str:
    """The part a module belongs to: `mpdebug.agent.logs` is of `agent`."""
    words = module.split(".")
    return words[1] if len(words) > 1 else "top"


def imports(module: str, text: str, known: dict[str, str]) -> list[tuple[str, int]]:
    """(module, line) of every import, at any depth, also those for type checkers only.

    `from mpdebug.rundir import layout` is an import of `mpdebug.rundir.layout`.
    """
    found = []
    for node in ast.walk(ast.parse(text, module)):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                found.append((whole if whole in known else base, node.lineno))
    return found


def forbidden_edges(known: dict[str, str]) -> list[str]:
    """Imports that point up or sideways, relative ones, and `import mpdebug` itself."""
    problems = []
    for module, text in known.items():
        part = part_of(module)
        if part not in FLOORS:
            problems.append(f"{module}: {part} is not in the table of floors")
            continue
        for name, line in imports(module, text, known):
            if name.startswith("."):
                problems.append(f"{module}:{line}: relative import of {name}")
            elif name.split(".")[0] == "mpdebug":
                other = part_of(name)
                if other != part and other not in FLOORS[part]:
                    problems.append(f"{module}:{line}: {part} imports {name}")
    return problems


def cycles(known: dict[str, str]) -> list[str]:
    """Rings of modules that import each other; the top's lines for type checkers are none."""
    edges: dict[str, set[str]] = defaultdict(set)
    for module, text in known.items():
        if module != "mpdebug":
            edges[module] = {name for name, _ in imports(module, text, known)} & set(known)
    problems = []
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        if module in trail:
            problems.append(" → ".join([*trail[trail.index(module) :], module]))
        elif module not in done:
            for other in sorted(edges[module]):
                visit(other, (*trail, module))
            done.add(module)

    for module in sorted(known):
        visit(module, ())
    return problems


def foreign_imports(known: dict[str, str]) -> list[str]:
    """Imports beside the standard library where the part must do without."""
    problems = []
    for module, text in known.items():
        if module.startswith(DOOR):  # it runs the next sitecustomize
            continue
        allowed = FOREIGN.get(part_of(module), FOREIGN.get(module.split(".")[-1], set()))
        for name, line in imports(module, text, known):
            top = name.split(".")[0]
            if top != "mpdebug" and top not in sys.stdlib_module_names and top not in allowed:
                problems.append(f"{module}:{line}: {part_of(module)} imports {name}")
    return problems


def impurities(known: dict[str, str]) -> list[str]:
    """Clocks, files and processes in the parts that are data in, data out."""
    problems = []
    for module, text in known.items():
        if part_of(module) not in PURE:
            continue
        for node in nodes_when_imported(module, text):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names]
                top = (getattr(node, "module", "") or names[0]).split(".")[0]
                if top in IMPURE or (top == "time" and CLOCKS & {*names} - {"time"}):
                    problems.append(f"{module}:{node.lineno}: {part_of(module)} imports {top}")
            elif isinstance(node, ast.Name) and node.id == "open":
                problems.append(f"{module}:{node.lineno}: opens a file")
            elif (found := _attribute(node)) and found[0] == "time" and found[1] in CLOCKS:
                problems.append(f"{module}:{node.lineno}: asks the clock")  # type: ignore[attr-defined]
    return problems


def nodes_when_imported(module: str, text: str) -> list[ast.AST]:
    """All of a module but `if __name__ == "__main__":`, in which it may show itself."""
    body = ast.parse(text, module).body
    return [node for top in body if not _is_main_block(top) for node in ast.walk(top)]


def _is_main_block(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.dump(node.test)


def prints(known: dict[str, str]) -> list[str]:
    """Printing, asking and leaving outside of the command line, and outside of `__main__`."""
    problems = []
    for module, text in known.items():
        if part_of(module) in {"cli", "__main__"} or module.startswith(DOOR):
            continue
        for node in nodes_when_imported(module, text):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            if name in PRINTS or _attribute(node.func) in LEAVES:
                problems.append(f"{module}:{node.lineno}: {ast.unparse(node.func)}()")
    return problems


def _attribute(node: ast.AST) -> tuple[str, str] | None:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.value.id, node.attr
    return None


def platform_questions(known: dict[str, str]) -> list[str]:
    """Version numbers and platform names outside of `env`, where behaviours are named.

    The door is left out: it has to step aside in an interpreter that could not load `env`.
    """
    return [
        f"{module}:{line}: {'.'.join(found)} (name the behaviour in env.py)"
        for module, text in known.items()
        if module != "mpdebug.env" and not module.startswith(DOOR)
        for node in ast.walk(ast.parse(text, module))
        if (found := _attribute(node)) in OF_THE_PLATFORM and (line := node.lineno)  # type: ignore[attr-defined]
    ]


def too_long(files: dict[str, str]) -> list[str]:
    """Files that nobody can keep in mind."""
    return [
        f"{name}: {length} lines (at most {LONGEST})"
        for name, text in files.items()
        if (length := len(text.splitlines())) > LONGEST
    ]
