"""All commands, and the help of the whole."""

from __future__ import annotations

COMMANDS = {
    "run": ("mpdebug.cli.run", "run a program (the command when none is named)"),
    "why": ("mpdebug.cli.why", "why it hangs, loses work or limps, and what to change"),
    "tree": ("mpdebug.cli.tree", "what every process is doing, and at what cost"),
    "logs": ("mpdebug.cli.logs", "the logs of a run, finished or living"),
    "attach": ("mpdebug.cli.attach", "open a prompt in a process, stopped or running"),
    "stacks": ("mpdebug.cli.stacks", "where everybody is: all stacks, equal ones once"),
    "shared": ("mpdebug.cli.shared", "what processes share, who has it, what is left over"),
    "gc": ("mpdebug.cli.gc", "semaphores and shared memory that nobody has any more"),
    "stops": ("mpdebug.cli.stops", "who stands at a breakpoint, equal stops as one row"),
    "deaths": ("mpdebug.cli.deaths", "how the processes of a run died, and why"),
    "break": ("mpdebug.cli.set_break", "put a breakpoint into the processes that run"),
    "breaks": ("mpdebug.cli.breaks", "the breakpoints that were put into a running program"),
    "clear": ("mpdebug.cli.clear", "take such breakpoints out again"),
    "runs": ("mpdebug.cli.runs", "list runs, and remove old ones"),
    "door": ("mpdebug.cli.door", "let mpdebug into pythons that ignore the environment"),
}

HELP = """\
See, read, stop and explain every process of a multiprocess Python program.

usage: python -m mpdebug [options] script.py [arguments]
       python -m mpdebug [options] -m module [arguments]
       python -m mpdebug [options] -c code [arguments]
       python -m mpdebug [options] - [arguments]     (the script comes from standard input)
       mpdebug COMMAND [arguments]

commands:
{commands}

options of a run:
{options}
  -h, --help            this text; after a command, the help of that command
  -V, --version         the version; with --verbose, what this platform can do

Options stand before the script; what follows the script is the program's. Options of python
stand before -m: python -W error -m mpdebug script.py. Defaults come from [tool.mpdebug] in the
nearest pyproject.toml, by the same names. With MPDEBUG_DISABLE=1 in the environment the
program runs plainly. A script that is called like a command: ./logs or run logs.

example:
  python -m mpdebug --level info -m pytest -n 4
"""


def general_help() -> str:
    """The help of the whole, from the tables of commands and options."""
    from mpdebug.cli import options  # noqa: PLC0415  # the way to a run does not lead through here

    commands = [f"  {name:<22}{text}" for name, (_, text) in COMMANDS.items()]
    listed = []
    for option in options.OPTIONS:
        word = f"--{option.name}" + (f" {option.value}" if option.value else "")
        if option.implied:
            word = f"--{option.name}[={option.value}]"
        listed.append(f"  {word:<22}{option.help}")
    return HELP.format(commands="\n".join(commands), options="\n".join(listed))


def say(text: str) -> None:
    """Print what was asked for."""
    print(text, end="" if text.endswith("\n") else "\n")
