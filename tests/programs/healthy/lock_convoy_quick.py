"""Three processes take turns with one Lock, ten times a second, until they are told to end."""
import multiprocessing
import sys
import time


def turn(lock, stop):
    while not stop.is_set():
        with lock:
            time.sleep(0.1)
        time.sleep(0.02)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    lock, stop = multiprocessing.Lock(), multiprocessing.Event()
    group = [multiprocessing.Process(target=turn, args=(lock, stop)) for _ in range(3)]
    for one in group:
        one.start()
    print("ready", flush=True)
    open(sys.argv[2]).readline()
    stop.set()
    for one in group:
        one.join()
