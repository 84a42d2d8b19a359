"""A function takes the lock that its caller has in hand already."""
import multiprocessing
import sys


def note_down(ledger):
    with ledger:  # WAITS
        print("noted")


def close_books(ledger):
    with ledger:  # TAKEN
        note_down(ledger)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    ledger = multiprocessing.Lock()  # MADE
    child = multiprocessing.Process(target=close_books, args=(ledger,), name="clerk")
    child.start()
    child.join()
