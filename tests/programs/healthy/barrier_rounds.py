"""Three processes meet at a barrier ten times."""
import multiprocessing
import sys


def run(barrier):
    for _ in range(10):
        barrier.wait()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    barrier = multiprocessing.Barrier(3)
    children = [multiprocessing.Process(target=run, args=(barrier,)) for _ in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    print([child.exitcode for child in children])
