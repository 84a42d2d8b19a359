"""Stops between two portraits of its interpreter, and prints what has changed: [trace]"""
import builtins
import os
import signal
import sys
import threading

LINES = []


def tracer(frame, event, arg):
    LINES.append(frame.f_lineno)
    return tracer


def files():
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            found.append(os.readlink(f"/proc/self/fd/{name}"))
        except FileNotFoundError:  # of the listing itself
            pass
    return sorted(found)


def portrait():
    frame = sys._getframe(1)
    pdb = sys.modules.get("pdb")
    return {
        "trace": sys.gettrace(),
        "profile": sys.getprofile(),
        "frames": [frame.f_trace, frame.f_back and frame.f_back.f_trace],
        "lines": frame.f_trace_lines,
        "streams": [sys.stdin, sys.stdout, sys.stderr],
        "hooks": [sys.displayhook, sys.excepthook, sys.breakpointhook, threading.excepthook],
        "signals": [signal.getsignal(n) for n in signal.valid_signals() if n < 32],
        "mask": signal.pthread_sigmask(signal.SIG_BLOCK, ()),
        "files": files(),
        "threads": threading.enumerate(),
        "environment": dict(os.environ),
        "path": list(sys.path),
        "argv": list(sys.argv),
        "cwd": os.getcwd(),
        "umask": [os.umask(0o22), os.umask(0o22)],
        "names": sorted(vars(builtins)),
        "signals to come": signal.sigpending(),
        "last": [getattr(sys, name, None) for name in ("last_exc", "last_value", "ps1")],
        "pdb": getattr(getattr(pdb, "Pdb", None), "_last_pdb_instance", None),
        "recursion": sys.getrecursionlimit(),
        "switch": sys.getswitchinterval(),
    }


def stops():
    before = portrait()
    breakpoint()
    value = 1
    after = portrait()
    if sys.argv[1:]:
        LINES.clear()
        value += 1
        print("traced", len(LINES) > 0)
    for name in before:
        if before[name] != after[name]:
            print(name, before[name], after[name])
    print("looked", value)


def main():
    if sys.argv[1:]:
        sys.settrace(tracer)
    stops()
    sys.settrace(None)


main()
