"""A child waits in signal.pause() until it is told to reload or to end."""
import multiprocessing
import signal
import sys


def pause(ready):
    going = []
    signal.signal(signal.SIGTERM, lambda *_: going.append(1))
    signal.signal(signal.SIGHUP, lambda *_: None)
    ready.set()
    while not going:
        signal.pause()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    ready = multiprocessing.Event()
    child = multiprocessing.Process(target=pause, args=(ready,), name="pauser")
    child.start()
    ready.wait()
    print("ready", flush=True)
    open(sys.argv[2]).readline()
    child.terminate()
    child.join()
