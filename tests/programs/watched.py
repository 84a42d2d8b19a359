"""Workers that print many lines once somebody has typed one; ends with status 3."""

import multiprocessing
import os
import sys


def talk(name, lines):
    """Print so many lines, each of them in one piece."""
    for number in range(lines):
        print(f"<{name} {number} {'x' * 40}>")
    sys.stdout.flush()


def wait(ended):
    """Be there until the program ends."""
    ended.recv()


def main():
    """Do what is typed, word by word."""
    ended, end = multiprocessing.Pipe(duplex=False)
    context = multiprocessing.get_context("fork")
    waiting = context.Process(target=wait, args=(ended,), name="waiting", daemon=True)
    waiting.start()
    while True:
        size = os.get_terminal_size(2)
        print(
            f"[{size.columns} {size.lines} {sys.stdout.isatty()}] ?",
            file=sys.stderr,
            flush=True,
        )
        word = sys.stdin.readline().strip()
        if word == "talk":
            names = ("ann", "bob", "cid")
            talkers = [context.Process(target=talk, args=(name, 200)) for name in names]
            for one in talkers:
                one.start()
            for one in talkers:
                one.join()
        elif word == "stop":
            breakpoint()  # noqa: T100 - that is what it is for
        elif word == "end":
            end.send(None)
            waiting.join()
            sys.exit(3)


if __name__ == "__main__":
    main()
