"""A Value that one process writes and others read: no lock is needed."""
import multiprocessing
import sys


def write(progress):
    for _ in range(100):
        progress.value += 1


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    progress = multiprocessing.Value("i", 0)
    child = multiprocessing.Process(target=write, args=(progress,), name="writer")
    child.start()
    while progress.value < 100:
        child.join(0.01)
    child.join()
    print(progress.value)
