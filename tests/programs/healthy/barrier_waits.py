"""Two of three parties are at a barrier, and the third waits for input first."""
import multiprocessing
import sys


def meet(barrier):
    barrier.wait()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    barrier = multiprocessing.Barrier(3)
    children = [multiprocessing.Process(target=meet, args=(barrier,)) for _ in range(2)]
    for child in children:
        child.start()
    print("ready", flush=True)
    open(sys.argv[2]).readline()
    barrier.wait()
    for child in children:
        child.join()
