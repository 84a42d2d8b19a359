"""Three processes wait for a lock whose holder waits for input."""
import multiprocessing
import sys


def hold(lock, held, path):
    with lock:
        held.set()
        open(path).readline()


def take(lock):
    with lock:
        pass


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    lock, held = multiprocessing.Lock(), multiprocessing.Event()
    children = [multiprocessing.Process(target=hold, args=(lock, held, sys.argv[2]), name="holder")]
    children[0].start()
    held.wait()
    children += [multiprocessing.Process(target=take, args=(lock,)) for _ in range(3)]
    for child in children[1:]:
        child.start()
    print("ready", flush=True)
    for child in children:
        child.join()
