"""A Barrier for four, and three who come to it."""
import multiprocessing
import sys


def sing(voices):
    voices.wait()  # WAITS
    print("tonic")


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    voices = multiprocessing.Barrier(4)  # MADE
    names = ("soprano", "alto", "tenor")
    choir = [multiprocessing.Process(target=sing, args=(voices,), name=name) for name in names]
    for one in choir:
        one.start()
    for one in choir:
        one.join()
