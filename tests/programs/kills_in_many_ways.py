"""Four children die of SIGKILL: two of their group, one by a command, one by C code."""
import ctypes
import multiprocessing
import os
import signal
import subprocess


def stays(ready, group):
    if group is not None:
        os.setpgid(0, group)
    ready.set()
    signal.pause()


def child(name, group=None):
    ready = context.Event()
    process = context.Process(target=stays, args=(ready, group), name=name)
    process.start()
    ready.wait()
    return process


if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    leader = child("leader", 0)
    follower = child("follower", leader.pid)
    others = [child("unseen"), child("commanded")]
    os.killpg(leader.pid, signal.SIGKILL)
    ctypes.CDLL(None).kill(others[0].pid, signal.SIGKILL)
    others[0].join()
    subprocess.run(["kill", "-9", str(others[1].pid)])
    found = [leader, follower, *others]
    for one in found:
        one.join()
    print([one.exitcode for one in found])
