"""Prints all that a program can see of the world it was started in, as JSON."""

import gc
import json
import multiprocessing
import os
import resource
import signal
import stat
import sys
import threading


def descriptors():
    found = {}
    for name in sorted(os.listdir("/proc/self/fd"), key=int):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
            mode = os.fstat(int(name)).st_mode
        except OSError:
            continue  # the one that listed the folder
        if os.get_inheritable(int(name)):
            found[name] = [stat.S_IFMT(mode), target if target.startswith("/dev") else ""]
    return found


def streams():
    found = []
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if stream is None:
            found.append(None)
        else:
            found.append(
                [stream.name, stream.encoding, stream.errors, stream.line_buffering,
                 stream.isatty(), stream.write_through]
            )
    return found


def status(*names):
    with open("/proc/self/status") as file:
        lines = dict(line.split(":", 1) for line in file)
    return {name: lines[name].strip() for name in names}


def handlers():
    found = {}
    for number in signal.valid_signals():
        handler = signal.getsignal(number)
        found[int(number)] = getattr(handler, "__name__", repr(handler))
    return found


main = sys.modules["__main__"]
seen = {
    "argv": sys.argv,
    "orig_argv": [word for word in sys.orig_argv],
    "executable": sys.executable,
    "prefix": [sys.prefix, sys.exec_prefix, sys.base_prefix],
    "flags": list(sys.flags),
    "xoptions": {k: str(v) for k, v in sys._xoptions.items()},
    "warnoptions": sys.warnoptions,
    "path": sys.path,
    "path0": sys.path[:1],
    "sitecustomize": "sitecustomize" in sys.modules,
    "file": globals().get("__file__"),
    "main": [main.__name__, str(main.__package__), type(main.__loader__).__name__,
             type(main.__builtins__).__name__, str(main.__spec__ and main.__spec__.name)],
    "cwd": os.getcwd(),
    "umask": oct(os.umask(0o022)),
    "environ": {k: v for k, v in os.environ.items() if k not in ("MPDEBUG_RUN", "PYTHONPATH")},
    "descriptors": descriptors(),
    "streams": streams(),
    "status": status("Threads", "SigBlk", "SigIgn", "SigPnd", "ShdPnd", "NoNewPrivs"),
    "handlers": handlers(),
    "limits": [resource.getrlimit(n) for n in range(15)],
    "nice": os.getpriority(os.PRIO_PROCESS, 0),
    "threads": threading.active_count(),
    "gc": [gc.isenabled(), gc.get_threshold()],
    "recursion": sys.getrecursionlimit(),
    "start_method": multiprocessing.get_start_method(),
    "trace": [repr(sys.gettrace()), repr(sys.getprofile())],
    "hooks": [sys.excepthook is sys.__excepthook__, sys.displayhook is sys.__displayhook__],
}
text = json.dumps(seen, indent=1, sort_keys=True)
if sys.argv[1:2] == ["--to"]:
    with open(sys.argv[2], "w") as file:
        file.write(text)
else:
    print(text)
