"""The debugger of a stop: remote-pdb's RemotePdb over a conversation of ours.

What stock remote-pdb 2.1.0 does in a worker, and what is done here instead:
- it listens on TCP and waits in its constructor: the conversation is there before us;
- a client that quits, closes, resets or sends garbage is raised in the task: a conversation
  goes back to waiting, and only `abort` raises;
- it starts tracing at once, and loses the tracer of coverage for good: here nothing is traced
  until the person steps or sets a breakpoint of pdb's, and the former tracer comes back;
- `interact` reads the worker's null stdin, `clear` asks on its stdout, `restart` raises in the
  task, `debug` makes a plain Pdb that reads .pdbrc of the working directory;
- on 3.14+ it leaves itself as `Pdb._last_pdb_instance`, and every later `breakpoint()` of the
  process raises TypeError.
"""

from __future__ import annotations

import bdb
import pdb
import sys
from threading import get_ident
from typing import cast

from mpdebug import env
from mpdebug.agent import borrowed, guard, nested, tracers
from mpdebug.agent.command_loop import CommandLoop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType
    from typing import Any

    from mpdebug.agent.conversation import Conversation

NO_RESTART = "there is no restart here: the process would not be the one that was stopped"


class Debugger(CommandLoop):
    """pdb in the thread that stands at a stop.

    Args:
        talk: the conversation; what the debugger prints and reads goes through it.
        stand: called with frame and exception when it stops again after stepping.
        leave: called when it goes on, with how; empty: it steps (n, s, r, until).
    """

    def __init__(
        self,
        talk: Conversation,
        stand: Callable[[FrameType | None], None],
        leave: Callable[[str], None],
    ) -> None:
        with borrowed.without_readline():
            pdb.Pdb.__init__(
                self,
                completekey="",
                stdin=cast("Any", talk),
                stdout=cast("Any", talk),
                skip=["mpdebug.*"],
                nosigint=True,
                readrc=False,
            )
        self.backup: list[Any] = []
        self._quiet, self.handle = True, talk
        self.talk, self.stand, self.leave = talk, stand, leave
        self.how = ""  # continue, detach, abort; empty: it steps
        self.wanted: BaseException | None = None  # what abort raises
        self.working = self.interacting = False  # working: at a command of a client
        self.tracing = self.left = False  # left: it has traced, and does so no more
        self.tracers = tracers.Tracers()
        self.thread = get_ident()
        self.undisturbed = talk.undisturbed
        self.pyrepl_input = None

    # --- stopping and going on

    def stop_at(
        self,
        frame: FrameType | None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Stand here until the person goes on. Raises what `abort` asked for."""
        self.pause()
        self.undisturbed.__enter__()  # it ends where it waits for the person
        if frame is not None:
            self.reset()
            outermost = frame
            while outermost.f_back is not None:
                outermost = outermost.f_back
            self.botframe: FrameType | None = outermost
            self.enterframe: FrameType | None = frame
        shown: Any = traceback
        if error is not None and traceback is not None:
            shown = error if env.TAKES_EXCEPTIONS and error.__traceback__ else traceback
        self.interaction(frame, shown)
        self.enterframe = None
        if frame is not None and (not self.how or (self.how == "continue" and self.breaks)):
            self._trace(frame)

    def plain_interaction(self, frame: FrameType | None, tb_or_exc: Any) -> None:
        """The prompt at one place."""
        super().interaction(frame, tb_or_exc)

    def interaction(self, frame: FrameType | None, tb_or_exc: Any) -> None:
        """The prompt at one place; every way to stop comes through here."""
        self.how, self.wanted = "", None
        self.undisturbed.__enter__()
        try:
            self.stand(frame)
            self.plain_interaction(frame, tb_or_exc)
        except BaseException as error:
            self.how = "exception"
            if isinstance(error, Exception) and not guard.is_from_outside(error):
                guard.debug("stop", f"the debugger failed: {error!r}")  # a fault of ours
            else:
                raise
        finally:
            if self.how and (self.how != "continue" or not self.breaks):
                self.untrace()
            self.leave(self.how)
            self.undisturbed.end()
            if self.how and not (self.tracing or self.breaks):  # keep no frame alive
                self.botframe = self.enterframe = self.stopframe = self.returnframe = None
                self.displaying.clear()
        wanted: Any = self.wanted
        self.wanted = None
        if wanted is not None:
            try:
                raise wanted
            finally:
                del wanted  # or its traceback holds itself

    def forget(self) -> None:
        """No place is looked at any more; pdb's own keeps the locals, and so their objects."""
        super().forget()
        self.__dict__.pop("curframe_locals", None)

    def _trace(self, frame: FrameType) -> None:
        self.tracers.replace(frame, self.trace_dispatch, first=not self.tracing)
        self.tracing, self.left = True, False

    def trace_dispatch(self, frame: FrameType, event: str, arg: Any) -> Any:
        """For each line; after the end too, in frames that it left, if another tracer is on."""
        found = None if self.left else super().trace_dispatch(frame, event, arg)
        if not self.left:
            return found
        traced: Any = sys.modules.get("mpdebug.agent.traced")  # live breakpoints, Python 3.11
        return traced.again(frame) if traced is not None else None

    def pause(self) -> None:
        """While we are at work in the traced thread, what we call is not stepped through."""
        if self.tracing:
            sys.settrace(None)

    def resume(self) -> None:
        """Trace on, after `pause`."""
        if self.tracing:
            sys.settrace(self.trace_dispatch)

    def untrace(self) -> None:
        """Trace no more; the program's own trace function comes back."""
        if self.tracing:
            self.tracing, self.left = False, True
            self.tracers.put_back(self.trace_dispatch)

    def forget_breaks(self) -> None:
        """Drop pdb's breakpoints, which all its instances of a process share."""
        with guard.quiet:
            if self.breaks:
                self.clear_all_breaks()

    def bp_commands(self, frame: FrameType) -> Any:
        """The commands of a breakpoint are run at the prompt, in every version."""
        number = getattr(self, "currentbp", False)
        if env.QUEUES_COMMANDS or number not in self.commands:
            return super().bp_commands(frame)
        self.currentbp = 0
        self.cmdqueue += self.commands[number]
        return True

    def get_names(self) -> list[str]:
        """What `help` lists: not what is only said from elsewhere."""
        return [name for name in super().get_names() if not name.startswith("do__")]

    def get_stack(self, f: Any, t: Any) -> Any:
        """The stack without frames of ours that lie between the program's."""
        found, _ = super().get_stack(f, t)
        stack = [
            entry for entry in found if not entry[0].f_code.co_filename.startswith(guard.OURS)
        ]
        if not stack:
            return found, len(found) - 1
        at = len(stack) - 1
        if f is not None and t is None:
            at = next((n for n, (frame, _) in enumerate(stack) if frame is f), at)
        return stack, at

    # --- commands

    def default(self, line: str) -> None:
        """A statement; one of several lines is run as it is."""
        if "\n" not in line:
            super().default(line)
            return
        nested.run_block(self, line)

    def locals_of_frame(self) -> Any:
        """The locals of the frame that the prompt looks at, changes of the person included."""
        kept = self.__dict__.get("curframe_locals")
        return kept if kept is not None else self.curframe.f_locals

    def do_continue(self, arg: str) -> Any:
        """c(ont(inue))

        Go on; stop only at the next breakpoint.
        """
        self.how = "continue"
        if self.breaks:
            self.set_continue()
        return True

    do_c = do_cont = do_continue

    def do_detach(self, arg: str) -> Any:
        """Detach

        Go on, and forget the breakpoints that were set at this prompt.
        """
        self.how = "detach"
        self.forget_breaks()
        return True

    def do_quit(self, arg: str) -> Any:
        """q(uit)

        The same as detach: the process goes on. To make its task fail: abort.
        """
        self.message("it goes on; `abort` makes the task fail, `kill` ends the process")
        return self.do_detach(arg)

    do_q = do_exit = do_quit

    def do_EOF(self, arg: str) -> Any:
        """EOF

        The same as detach.
        """
        return self.do_detach(arg)

    def do_abort(self, arg: str) -> Any:
        """Abort [EXCEPTION]

        Go on by raising bdb.BdbQuit here, or the exception that is given.
        """
        try:
            self.wanted = self._exception(arg)
        except BaseException:  # noqa: BLE001 - shown to the person
            self._error_exc()
            return None
        self.how = "abort"
        self.forget_breaks()
        return True

    def _exception(self, text: str) -> BaseException:
        if not text.strip():
            return bdb.BdbQuit("aborted at a breakpoint")
        value = eval(text, self.curframe.f_globals, self.locals_of_frame())
        if isinstance(value, type) and issubclass(value, BaseException):
            value = value()
        if not isinstance(value, BaseException):
            raise TypeError(f"{text} is no exception")
        return value

    def do__released(self, arg: str) -> Any:
        """Somebody let it go on from elsewhere, or it waited long enough."""
        way = self.talk.released
        if way == "abort":
            done = self.do_abort(self.talk.wanted)
            return done or self.do_abort("")
        if way == "continue":
            return self.do_continue("")
        self.do_detach("")
        self.how = way
        return True

    def do_jump(self, arg: str) -> Any:
        """j(ump) lineno

        Go on at another line. Python allows it where a line begins: the next one, at a stop.
        """
        if self.tracing or self.enterframe is None or self.curframe is not self.enterframe:
            return super().do_jump(arg)
        self.cmdqueue.insert(0, f"jump {arg}")
        return self.do_next("")

    do_j = do_jump

    def do_run(self, arg: str) -> None:
        """Run

        Refused: there is no restart of one process.
        """
        self.message(f"*** {NO_RESTART}")

    do_restart = do_run

    def do_clear(self, arg: str) -> Any:
        """cl(ear) [filename:lineno | bpnumber ...]

        Clear these breakpoints, or after a question all of them.
        """
        if arg:
            return super().do_clear(arg)
        if self._prompt_for_confirmation("Clear all breaks? ", "n").lower() in {"y", "yes"}:
            for each in [bp for bp in bdb.Breakpoint.bpbynumber if bp]:
                self.message(f"Deleted {each}")
            self.clear_all_breaks()
        return None

    do_cl = do_clear

    def _prompt_for_confirmation(self, prompt: str, default: str) -> str:
        self.talk.write(prompt)
        return self.talk.readline().strip() or default

    def do_interact(self, arg: str) -> None:
        """Interact

        A Python prompt with the names of this frame; leave it with Ctrl-D.
        """
        self.interacting = True
        try:
            nested.python_prompt(self)
        finally:
            self.interacting = False

    def do_debug(self, arg: str) -> None:
        """Debug code

        Step through the code in a debugger of its own.
        """
        nested.debug(self, arg)

    # --- completion

    def completer_of(self, line: str) -> Any:
        """What completes the arguments of this line."""
        command = self.parseline(line)[0]
        return getattr(self, f"complete_{command}", None) or self.completedefault

    def completedefault(self, *at: Any) -> Any:
        """Names and attributes in the frame."""
        if not env.COMPLETES_EXPRESSIONS:
            return self._complete_expression(*at)
        return super().completedefault(*at)


for _name in ("p", "pp", "whatis", "display", "abort", "debug", "print"):
    if not hasattr(Debugger, f"complete_{_name}"):
        setattr(Debugger, f"complete_{_name}", pdb.Pdb._complete_expression)  # noqa: SLF001
