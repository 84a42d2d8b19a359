"""Question and answer on one Pipe, which each side closes."""
import multiprocessing
import sys


def answer(end, other):
    other.close()
    while True:
        try:
            end.send(end.recv() * 2)
        except EOFError:
            return


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.Process(target=answer, args=(theirs, ours))
    child.start()
    theirs.close()
    for number in range(10):
        ours.send(number)
        ours.recv()
    ours.close()
    child.join()
    print(child.exitcode)
