"""Workers that come to the same lines until the test says that it is enough.

comes_to_lines.py METHOD COUNT READY ENOUGH [GO]: with GO they are started when it is told.
"""
import multiprocessing
import os
import sys
import threading
import time


def step(i):
    a = i * 2

    b = a + 1
    return b


def numbers():
    n = 0
    while True:
        n += 1
        yield n  # given
        kept = n


def work(ready, enough):
    given = numbers()
    next(given)
    say(ready)
    i = 0
    while not os.path.exists(enough):
        i += 1  # another round
        time.sleep(0.001)
        step(i)
        next(given)


def say(ready):
    with open(ready, "w") as file:
        file.write("ready\n")


def main(method, count, ready, enough, go=None):
    if go:
        say(ready)
        with open(go) as file:
            file.readline()
    if method == "thread":
        made = [threading.Thread(target=work, args=(ready, enough)) for _ in range(int(count))]
    else:
        context = multiprocessing.get_context(method)
        made = [
            context.Process(target=work, args=(ready, enough), name=f"Worker-{n}")
            for n in range(int(count))
        ]
    for each in made:
        each.start()
    for each in made:
        each.join()
    tool = sys.monitoring.get_tool(4) if hasattr(sys, "monitoring") else sys.gettrace()
    print("watched:", tool, "statuses:", {getattr(each, "exitcode", 0) for each in made})


if __name__ == "__main__":
    main(*sys.argv[1:])
