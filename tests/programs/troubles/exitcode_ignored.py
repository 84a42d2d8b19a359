"""A child fails, and nobody looks at its exit code."""
import multiprocessing
import sys


def import_orders():
    raise KeyError("customer")  # RAISED


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    child = multiprocessing.Process(target=import_orders, name="importer")
    child.start()
    child.join()
    print("orders imported")
