"""Two permits for four processes; who has one waits for input."""
import multiprocessing
import sys


def use(permits, inside, over):
    with permits:
        inside.release()
        over.wait()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    permits, inside = multiprocessing.BoundedSemaphore(2), multiprocessing.Semaphore(0)
    over = multiprocessing.Event()
    children = [multiprocessing.Process(target=use, args=(permits, inside, over)) for _ in range(4)]
    for child in children:
        child.start()
    for _ in range(2):
        inside.acquire()
    print("ready", flush=True)
    open(sys.argv[2]).readline()
    over.set()
    for child in children:
        child.join()
