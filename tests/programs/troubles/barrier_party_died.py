"""One of three parties ends before it comes to the barrier."""
import multiprocessing
import os
import sys


def row(seat, start):
    if seat == "bow":
        os._exit(7)  # ENDED
    start.wait()  # WAITS


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    start = multiprocessing.Barrier(3)  # MADE
    crew = [
        multiprocessing.Process(target=row, args=(seat, start), name=seat)
        for seat in ("bow", "middle", "stroke")
    ]
    for rower in crew:
        rower.start()
    for rower in crew:
        rower.join()
