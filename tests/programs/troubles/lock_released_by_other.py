"""A process releases a lock that another one holds."""
import multiprocessing
import sys


def guest(room, inside, over):
    with room:  # TAKEN
        inside.set()
        over.wait()


def maid(room, inside, over):
    inside.wait()
    room.release()  # RELEASED
    room.acquire()
    over.set()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    things = (multiprocessing.Lock(), multiprocessing.Event(), multiprocessing.Event())  # MADE
    children = [multiprocessing.Process(target=f, args=things, name=f.__name__) for f in (guest, maid)]
    for child in children:
        child.start()
    for child in children:
        child.join()
