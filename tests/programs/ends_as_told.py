"""Ends in the way that its argument names."""

import atexit
import ctypes
import os
import signal
import sys
import threading


def raise_chained():
    try:
        {}["lost"]
    except KeyError as error:
        raise ValueError("grün \udc80 \n two lines") from error


class Divide:
    def __call__(self):
        1 / 0

    def __repr__(self):
        return "Divide()"


def end(how):
    print("to stdout", flush=True)
    print("to stderr", file=sys.stderr, flush=True)
    if how.startswith("signal"):
        number = int(how.removeprefix("signal"))
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    elif how == "exception":
        raise_chained()
    elif how == "exit text":
        sys.exit("a text")
    elif how.startswith("exit"):
        sys.exit(int(how.removeprefix("exit")))
    elif how.startswith("_exit"):
        os._exit(int(how.removeprefix("_exit")))
    elif how == "interrupt":
        raise KeyboardInterrupt
    elif how == "segfault":
        ctypes.string_at(0)
    elif how == "abort":
        os.abort()
    elif how == "stack overflow":
        end(how)
    elif how == "in atexit":
        atexit.register(Divide())
    elif how == "in atexit by exit":
        atexit.register(lambda: os._exit(5))
    elif how == "in a thread":
        thread = threading.Thread(target=raise_chained, name="t")
        thread.start()
        thread.join()
    elif how == "broken stdout":
        os.close(1)
        sys.stdout.write("nobody reads this")
    elif how == "syntax":
        compile("a b", "x.py", "exec")


end(" ".join(sys.argv[1:]))
