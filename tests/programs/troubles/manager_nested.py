"""An object inside of a manager's dict is changed: it was a copy."""
import multiprocessing
import sys


def sign(book):
    book["guests"].append("Ada")  # CHANGED


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Manager() as manager:
        book = manager.dict(guests=[])
        child = multiprocessing.Process(target=sign, args=(book,), name="signer")
        child.start()
        child.join()
        print(book["guests"])
