"""A consumer takes all items and ends without a single task_done()."""
import multiprocessing
import sys


def deliver(letters):
    for _ in range(2):
        letters.get()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    letters = multiprocessing.JoinableQueue()  # MADE
    for letter in ("bill", "card"):
        letters.put(letter)
    multiprocessing.Process(target=deliver, args=(letters,), name="postman").start()
    letters.join()  # WAITS
