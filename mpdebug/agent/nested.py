"""What a person opens inside a prompt: a block, Python's own prompt, a debugger in it."""

from __future__ import annotations

import builtins
import sys
from code import InteractiveConsole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


MISSING = object()
LEFT = ("ps1", "ps2", "last_exc", "last_type", "last_value", "last_traceback")
"""What Python's own prompt leaves in `sys`; an exception there keeps all its frames alive."""


def python_prompt(debugger: Any) -> None:
    """Pdb's `interact`, over the conversation: the process's own stdin is none of ours."""
    names = {**debugger.curframe.f_globals, **debugger.locals_of_frame()}
    talk = debugger.talk

    class Python(InteractiveConsole):
        def raw_input(self, prompt: str = "") -> str:
            talk.write(prompt)
            line = talk.readline()
            if not line:
                raise EOFError
            return str(line.removesuffix("\n"))

        def write(self, data: str) -> None:
            talk.write(data)

    saved = sys.stdin, sys.stdout, sys.displayhook
    left = [(sys, name, sys.__dict__.get(name, MISSING)) for name in LEFT]
    left.append((builtins, "_", builtins.__dict__.get("_", MISSING)))  # may be gettext's
    try:
        sys.stdin, sys.stdout, sys.displayhook = talk, talk, sys.__displayhook__
        Python(names).interact(banner="*interactive*: Ctrl-D leaves", exitmsg="")
    except SystemExit:
        debugger.message("*** exit() leaves this prompt only")
    finally:
        sys.stdin, sys.stdout, sys.displayhook = saved
        for module, name, value in left:
            if value is not MISSING:
                setattr(module, name, value)
            elif hasattr(module, name):
                delattr(module, name)


def run_block(debugger: Any, lines: str) -> None:
    """A statement of several lines; what an expression in it gives is printed."""
    source = lines.removeprefix("!") + "\n"
    talk = debugger.talk
    saved = sys.stdin, sys.stdout, sys.displayhook
    try:
        try:
            compiled = compile(source, "<stdin>", "single")
        except SyntaxError:
            compiled = compile(source, "<stdin>", "exec")
        sys.stdin, sys.stdout, sys.displayhook = talk, talk, debugger.displayhook
        exec(compiled, debugger.curframe.f_globals, debugger.locals_of_frame())  # noqa: S102 - the person's
    except BaseException:  # noqa: BLE001 - shown to the person, as pdb does
        debugger._error_exc()  # noqa: SLF001
    finally:
        sys.stdin, sys.stdout, sys.displayhook = saved


def debug(debugger: Any, statement: str) -> None:
    """Pdb's `debug`: step through a statement. Stock pdb makes a plain Pdb, with .pdbrc."""

    class Inner(type(debugger)):  # type: ignore[misc]
        """Its `q` and `c` end the statement's stepping, and not the stop."""

        def interaction(self, frame: Any, tb_or_exc: Any) -> None:
            self.plain_interaction(frame, tb_or_exc)

        def do_quit(self, _: str) -> bool:
            """Leave the inner debugger."""
            self.set_quit()
            return True

        do_q = do_exit = do_EOF = do_detach = do_abort = do__released = do_quit  # noqa: N815

        def do_continue(self, _: str) -> bool:
            """Go on to the end of the statement, or the next breakpoint."""
            self.set_continue()
            return True

        do_c = do_cont = do_continue

    talk = debugger.talk
    inner = Inner(talk, lambda _: None, lambda _: None)
    inner.prompt = f"({debugger.prompt.strip()}) "
    names = debugger.curframe.f_globals, debugger.locals_of_frame()
    before = sys.gettrace()
    sys.settrace(None)
    talk.debugger = inner
    debugger.message("ENTERING RECURSIVE DEBUGGER")
    try:
        sys.call_tracing(inner.run, (statement, *names))
    except BaseException:
        if talk.struck:
            raise
        debugger._error_exc()  # noqa: SLF001 - shown to the person, as pdb does
    finally:
        talk.debugger = debugger
        sys.settrace(before)
    debugger.message("LEAVING RECURSIVE DEBUGGER")
