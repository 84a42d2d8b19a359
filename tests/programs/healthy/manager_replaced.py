"""An object in a manager's dict is changed by putting it back."""
import multiprocessing
import sys


def add(shared, lock):
    with lock:
        names = shared["names"]
        names.append("Ada")
        shared["names"] = names


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Manager() as manager:
        shared, lock = manager.dict(names=[]), manager.Lock()
        children = [multiprocessing.Process(target=add, args=(shared, lock)) for _ in range(2)]
        for child in children:
            child.start()
        for child in children:
            child.join()
        print(shared["names"])
