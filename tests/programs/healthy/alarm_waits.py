"""An alarm will end the wait of a process that sits in a lock."""
import multiprocessing
import signal
import sys


def sit(lock, ready):
    signal.signal(signal.SIGALRM, lambda *_: lock.release())
    signal.alarm(60)
    ready.set()
    lock.acquire()
    lock.release()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    lock, ready = multiprocessing.Lock(), multiprocessing.Event()
    lock.acquire()
    child = multiprocessing.Process(target=sit, args=(lock, ready), name="sitter")
    child.start()
    ready.wait()
    print("ready", flush=True)
    open(sys.argv[2]).readline()
    lock.release()
    child.join()
