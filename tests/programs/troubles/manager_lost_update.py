"""Two processes add to one entry of a manager's dict, each by reading it and writing it."""
import multiprocessing
import sys


def vote(votes, start):
    start.wait()
    for _ in range(100):
        votes["yes"] += 1  # CHANGED


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Manager() as manager:
        votes = manager.dict(yes=0)
        start = multiprocessing.Barrier(2)
        booths = [multiprocessing.Process(target=vote, args=(votes, start)) for _ in range(2)]
        for booth in booths:
            booth.start()
        for booth in booths:
            booth.join()
        print(votes["yes"], "of 200")
