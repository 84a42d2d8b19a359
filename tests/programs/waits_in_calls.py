"""Children that each stand in another system call or state; prints their pids as JSON.

They are killed when stdin ends.
"""
import ctypes
import json
import multiprocessing
import os
import select
import signal
import socket
import sys
import threading
import time


def sleeps_for_a_child():
    child = os.fork()
    if child == 0:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # dies with its parent
        time.sleep(600)
    os.waitpid(child, 0)


def cannot_be_interrupted():
    libc = ctypes.PyDLL(None)
    if libc.vfork() == 0:  # the parent stands in the kernel until this one is gone
        libc.prctl(1, signal.SIGKILL)
        while True:
            time.sleep(600)


def write_all(fd):
    while True:
        os.write(fd, bytes(65536))


def listen():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.accept()


def spin():
    while True:
        pass


if __name__ == "__main__":
    lock, mp_lock = threading.Lock(), multiprocessing.get_context("fork").Lock()
    lock.acquire()
    mp_lock.acquire()
    pipe, full, pair = os.pipe(), os.pipe(), socket.socketpair()
    kinds = {
        "sleep": lambda: time.sleep(600),
        "pipe": lambda: os.read(pipe[0], 1),
        "full pipe": lambda: write_all(full[1]),
        "socket": lambda: pair[0].recv(1),
        "lock": lock.acquire,
        "mp lock": mp_lock.acquire,
        "select": lambda: select.select([pipe[0]], [], []),
        "pause": signal.pause,
        "child": sleeps_for_a_child,
        "accept": listen,
        "spin": spin,
        "halted": lambda: os.kill(os.getpid(), signal.SIGSTOP),
        "zombie": lambda: None,
        "disk": cannot_be_interrupted,
    }
    pids = {}
    for kind, stand in kinds.items():
        pids[kind] = os.fork()
        if pids[kind] == 0:
            stand()
            os._exit(0)
    print(json.dumps(pids), flush=True)
    sys.stdin.read()
    for pid in pids.values():
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
