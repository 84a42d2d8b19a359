"""Two processes take the same two locks in opposite orders."""
import multiprocessing
import sys


def cook(first, second, both_have_one):
    with first:  # TAKEN
        both_have_one.wait()
        with second:  # WAITS
            print("dinner")


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    knife = multiprocessing.Lock()  # KNIFE
    board = multiprocessing.Lock()  # BOARD
    both = multiprocessing.Barrier(2)
    anna = multiprocessing.Process(target=cook, args=(knife, board, both), name="anna")
    ben = multiprocessing.Process(target=cook, args=(board, knife, both), name="ben")
    anna.start()
    ben.start()
    anna.join()
    ben.join()
