"""A Pool in which one waits for a lock, one sleeps and the rest is idle: METHOD READY."""
import multiprocessing
import subprocess
import sys
import threading
import time


def take(given, where):
    global lock, path
    lock, path = given, where


def want_lock():
    with lock:
        return "never"


def sleep_long(seconds):
    time.sleep(seconds)


def task(kind):
    with open(path, "w") as file:
        file.write(f"{kind}\n")
    if kind == "lock":
        want_lock()
    elif kind == "sleep":
        sleep_long(100)


def beside(over):
    over.wait()


if __name__ == "__main__":
    method, where = sys.argv[1:]
    context = multiprocessing.get_context(method)
    lock = context.Lock()
    lock.acquire()
    over = threading.Event()
    threading.Thread(target=beside, args=(over,), daemon=True, name="beside").start()
    other = subprocess.Popen(["sleep", "100"])
    zombie = subprocess.Popen(["true"])
    with context.Pool(4, take, (lock, where)) as pool:
        found = [pool.apply_async(task, (kind,)) for kind in ("lock", "sleep")]
        sys.stdin.readline()
    other.kill()
    other.wait()
    zombie.wait()
    over.set()
