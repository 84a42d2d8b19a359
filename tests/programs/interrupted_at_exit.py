"""Ends by an exception; a second Ctrl-C comes while somebody looks at that for the second time."""
import os
import signal
import sys

if len(sys.argv) > 1:
    import multiprocessing.util  # noqa: F401

looks = []


class Wrong(Exception):
    def __str__(self):
        looks.append(1)
        if len(looks) == 2:  # the first is Python's own, which prints it
            os.kill(os.getpid(), signal.SIGINT)
        return "wrong"


raise Wrong
