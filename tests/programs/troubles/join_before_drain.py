"""The parent waits for a child's end before it reads what the child has put."""
import multiprocessing
import sys


def harvest(crates):
    crates.put(b"apple" * 300_000)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    crates = multiprocessing.Queue()  # MADE
    picker = multiprocessing.Process(target=harvest, args=(crates,), name="picker")
    picker.start()
    picker.join()  # WAITS
    print(len(crates.get()))
