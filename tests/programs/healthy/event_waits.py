"""Children wait for an event that the main script sets once somebody tells it."""
import multiprocessing
import sys


def wait(event):
    event.wait()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    event = multiprocessing.Event()
    children = [multiprocessing.Process(target=wait, args=(event,)) for _ in range(2)]
    for child in children:
        child.start()
    print("ready", flush=True)
    open(sys.argv[2]).readline()
    event.set()
    for child in children:
        child.join()
