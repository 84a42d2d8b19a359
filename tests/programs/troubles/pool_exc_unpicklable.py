"""An exception carries something that cannot be pickled."""
import multiprocessing
import sys
import threading


class Occupied(Exception):
    pass


def enter(cabin):
    error = Occupied(f"cabin {cabin} is taken")
    error.door = threading.Lock()
    raise error  # RAISED


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Pool(2) as pool:
        print(pool.map(enter, range(2)))  # ASKED
