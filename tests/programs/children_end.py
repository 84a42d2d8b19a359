"""Starts children that end in several ways; prints {what: [pid, status as its parent saw it]}.

Arguments: a FIFO that the orphan writes its pid to as its last act; the run's exits.jsonl.
"""

import json
import os
import signal
import subprocess
import sys
import time

seen = {}


def fork(what, act):
    pid = os.fork()
    if pid == 0:
        act()
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    seen[what] = [pid, os.waitstatus_to_exitcode(status)]


fork("quiet", lambda: None)
fork("exit 3", lambda: os._exit(3))
fork("killed", lambda: os.kill(os.getpid(), signal.SIGKILL))
fork("terminated", lambda: os.kill(os.getpid(), signal.SIGTERM))
fork("exec", lambda: os.execv(sys.executable, [sys.executable, "-c", "raise SystemExit(6)"]))

python = subprocess.Popen([sys.executable, "-c", "raise SystemExit(5)"])
seen["python"] = [python.pid, python.wait()]

def until_told(pid):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with open(sys.argv[2]) as file:
            if any(json.loads(line)["pid"] == pid for line in file):
                return
        time.sleep(0.01)


# A zombie until it is seen: its status can be read in /proc. The others were reaped at once.
pid = os.fork()
if pid == 0:
    os._exit(8)
until_told(pid)
seen["zombie"] = [pid, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])]

# An orphan that ends before the main process does.
middle = os.fork()
if middle == 0:
    pid = os.fork()
    if pid:
        os._exit(0)
    os.setsid()
    with open(sys.argv[1], "w") as file:
        print(os.getpid(), file=file)
    os._exit(4)
os.waitpid(middle, 0)
with open(sys.argv[1]) as file:
    seen["orphan"] = [int(file.readline()), 4]
until_told(seen["orphan"][0])
print(json.dumps(seen))
