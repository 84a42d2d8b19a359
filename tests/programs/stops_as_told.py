"""Workers that stop: stops_as_told.py METHOD WORKERS [STATUS]; ends with that status."""

import multiprocessing
import sys


def step(number):
    loss = number * 2
    breakpoint()  # here
    return loss


def main():
    method, workers = sys.argv[1], int(sys.argv[2])
    context = multiprocessing.get_context(method)
    processes = [
        context.Process(target=step, args=(n,), name=f"Worker-{n}")
        for n in range(1, workers + 1)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    print("ended", [process.exitcode for process in processes])
    sys.exit(int((*sys.argv, "0")[3]))


if __name__ == "__main__":
    main()
