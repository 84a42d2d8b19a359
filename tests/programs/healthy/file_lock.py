"""A child waits for a lock on a file, whose holder waits for input."""
import fcntl
import multiprocessing
import sys


def take(path):
    with open(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    path = f"{sys.argv[2]}.lock"
    child = multiprocessing.Process(target=take, args=(path,), name="second")
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        child.start()
        print("ready", flush=True)
        open(sys.argv[2]).readline()
        fcntl.flock(file, fcntl.LOCK_UN)
    child.join()
