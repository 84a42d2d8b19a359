"""A manager of the program's own serves for ever, and the main script waits for input."""
import sys
from multiprocessing.managers import BaseManager


class Counter:
    def __init__(self):
        self.count = 0

    def up(self):
        self.count += 1


class Counters(BaseManager):
    pass


Counters.register("Counter", Counter)

if __name__ == "__main__":
    with Counters() as counters:
        counters.Counter().up()
        print("ready", flush=True)
        open(sys.argv[2]).readline()
