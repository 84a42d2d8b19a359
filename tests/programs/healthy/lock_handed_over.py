"""A lock as a baton: each side takes it, and the other side releases it, by design."""
import multiprocessing
import sys


def runner(ours, theirs):
    for _ in range(5):
        ours.acquire()
        theirs.release()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    ping, pong = multiprocessing.Lock(), multiprocessing.Lock()
    ping.acquire()
    pong.acquire()
    child = multiprocessing.Process(target=runner, args=(ping, pong), name="runner")
    child.start()
    for _ in range(5):
        ping.release()
        pong.acquire()
    child.join()
    print(child.exitcode)
