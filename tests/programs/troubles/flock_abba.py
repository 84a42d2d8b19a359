"""Two processes lock the same two files in opposite orders."""
import fcntl
import multiprocessing
import sys
import tempfile


def print_on(first, second, both_have_one):
    with open(first, "w") as one, open(second, "w") as other:
        fcntl.flock(one, fcntl.LOCK_EX)
        both_have_one.wait()
        fcntl.flock(other, fcntl.LOCK_EX)  # WAITS
        print("printed")


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        paper, ink = f"{folder}/paper", f"{folder}/ink"
        both = multiprocessing.Barrier(2)
        left = multiprocessing.Process(target=print_on, args=(paper, ink, both), name="left")
        right = multiprocessing.Process(target=print_on, args=(ink, paper, both), name="right")
        left.start()
        right.start()
        left.join()
        right.join()
