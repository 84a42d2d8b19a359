"""Takes locks in a child of a start method and stands there, or is killed: METHOD WAY READY GO.

WAY is a function below, called in the child with the things that it may take. What it prints
into READY the test waits for; then the child reads a line from GO.
"""

import multiprocessing
import os
import signal
import sys
import threading
import traceback


def say(things, *words):
    with open(things["ready"], "w") as ready:
        print(*words, file=ready)


def wait(things):
    with open(things["go"]) as go:
        go.readline()


def everything(things):
    """One of each kind."""
    things["lock"].acquire()
    with things["rlock"], things["rlock"], things["rlock"]:
        things["semaphore"].acquire()
        with things["semaphore"]:
            with things["condition"]:
                things["managed"].acquire()
                say(things, os.getpid())
                wait(things)


def given_back(things):
    """All of that, and all of it is given back in every way."""
    for name in ("lock", "rlock", "semaphore", "managed", "condition", "value"):
        lock = things[name].get_lock() if name == "value" else things[name]
        for _ in range(2):
            with lock:
                pass
            lock.acquire()
            lock.release()
    lock = things["lock"]
    assert lock.acquire(False)
    assert not lock.acquire(False)
    assert not lock.acquire(timeout=0.01)
    assert not lock.acquire(True, 0.01)
    lock.release()
    rlock = things["rlock"]
    with rlock:
        rlock.acquire()
        rlock.release()
        lock.acquire()
        thread = threading.Thread(target=lock.release)
        thread.start()
        thread.join()
    for lock in (lock, rlock):
        try:
            lock.release()
        except (ValueError, AssertionError):
            traceback.print_exc()
    with things["condition"]:
        things["condition"].notify_all()
        things["condition"].wait(0.01)
    things["event"].wait(0.01)
    things["event"].set()
    things["queue"].put(1)
    things["queue"].get()
    things["queue"].close()
    things["queue"].join_thread()  # its thread may have the queue's lock still
    say(things, os.getpid())
    wait(things)


def interrupted(things):
    """A signal handler raises while the lock is waited for."""
    lock = things["lock"]

    def raises(*_):
        raise InterruptedError

    signal.signal(signal.SIGALRM, raises)
    lock.acquire()
    for way in (lock.__enter__, lock.acquire):
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        try:
            way()
        except InterruptedError:
            traceback.print_exc()
    lock.release()
    say(things, os.getpid())
    wait(things)


def disturbed(things):
    """A signal handler raises anywhere in what locks do; the record stays what is true."""
    lock = things["lock"]

    def raises(*_):
        raise InterruptedError

    signal.signal(signal.SIGALRM, raises)
    with lock:
        left = 0  # it has its place in the file
    for turn in range(300):
        try:
            signal.setitimer(signal.ITIMER_REAL, 1e-6 * (1 + turn % 97))
            for _ in range(40):
                with lock:
                    pass
                lock.acquire()
                lock.release()
        except InterruptedError:
            pass
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
        except InterruptedError:
            pass
        held = lock._semlock._is_mine()
        say_held(lock, held)
        if held:
            left += 1
            lock.release()
    say(things, left)
    wait(things)


def say_held(lock, held):
    """Fail unless the record says the same as the semaphore itself."""
    record = getattr(lock, "_mpdebug_record", None)
    if record is None:
        return
    word = record.words[record.at] % 4
    assert word == (2 if held else 0), (word, held)
    assert (record.owner is not None) == held, held
    stack = sys.modules["mpdebug.agent.held"].local.mine.stack
    assert stack == ([record] if held else []), (stack, held)


def taken_over(things):
    """A lock that another process has taken is given back here; one is left taken."""
    things["lock"].release()
    things["rlock"].acquire()
    say(things, os.getpid())


def in_order(things):
    """Two locks one in the other, both ways; a failed and a timed one make no order."""
    first, second = things["lock"], things["rlock"]
    for _ in range(3):
        with first, second:
            pass
    with second:
        first.acquire(False)
        first.release()
    say(things, os.getpid())


def main():
    method, way, ready, go = sys.argv[1:]
    context = multiprocessing.get_context(method)
    manager = context.Manager()
    things = {
        "lock": context.Lock(),
        "rlock": context.RLock(),
        "semaphore": context.Semaphore(3),
        "condition": context.Condition(),
        "event": context.Event(),
        "queue": context.Queue(),
        "value": context.Value("i"),
        "managed": manager.Lock(),
        "ready": ready,
        "go": go,
    }
    if way == "taken_over":
        things["lock"].acquire()
    child = context.Process(target=globals()[way], args=(things,), name="taker")
    child.start()
    child.join()
    manager.shutdown()
    sys.exit(0 if child.exitcode in (0, -signal.SIGKILL) else 1)


if __name__ == "__main__":
    main()
