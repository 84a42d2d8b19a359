"""Two processes take two locks of a manager in opposite orders."""
import multiprocessing
import sys


def lift(first, second, both_have_one):
    with first:  # TAKEN
        both_have_one.wait()
        with second:  # WAITS
            print("lifted")


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Manager() as manager:
        head, foot = manager.Lock(), manager.Lock()
        both = multiprocessing.Barrier(2)
        tom = multiprocessing.Process(target=lift, args=(head, foot, both), name="tom")
        tim = multiprocessing.Process(target=lift, args=(foot, head, both), name="tim")
        tom.start()
        tim.start()
        tom.join()
        tim.join()
