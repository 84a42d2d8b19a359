"""A task fails, and the worker is kept alive to be looked at.

    python -m mpdebug --pm examples/post_mortem.py

Nothing in the program mentions a debugger. The first failure of each kind stands still where it
was raised, and a prompt opens there:

    ForkPoolWorker-2 (pid 7431) failed at examples/post_mortem.py:24 in parse: ValueError: could
    not convert string to float: '12,5'
    (mpdb ForkPoolWorker-2 1/3)

Type `p line`, `u` and `p number` to see where it came from, and `c` to let it go: the parent
gets the exception, as it would have without us. In your own code, `mpdebug.post_mortem()` in
an `except` block does the same.
"""

import multiprocessing

LINES = ["12.0", "7.25", "12,5", "3.5"]


def parse(line):
    """One line as a number."""
    return float(line)


def work(number):
    """One task: the line of that number."""
    return parse(LINES[number])


if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        results = [pool.apply_async(work, (number,)) for number in range(len(LINES))]
        for number, result in enumerate(results):
            try:
                print(number, result.get())
            except ValueError as error:
                print(number, "failed:", error)
