"""Two orders of the same two locks, one after the other: this time nobody hangs."""
import multiprocessing
import sys


def transfer(source, target):
    with source:
        with target:  # INNER
            pass


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    savings = multiprocessing.Lock()  # SAVINGS
    current = multiprocessing.Lock()  # CURRENT
    for name, accounts in (("pay-in", (current, savings)), ("pay-out", (savings, current))):
        child = multiprocessing.Process(target=transfer, args=accounts, name=name)
        child.start()
        child.join()
