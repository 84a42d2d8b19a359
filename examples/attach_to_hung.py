"""A worker hangs; a prompt opens inside of it, in the middle of its wait.

    python -m mpdebug examples/attach_to_hung.py

It says nothing more after "saving": it hangs. In another terminal:

    mpdebug attach --hung

opens a prompt in the process that has not moved longest, without ptrace, at the line where it
waits. Type `w` to see how it came there, `p pages.qsize()`, and then `pages.put(None)` and `c`:
what it waited for comes, and the program ends.
"""

import multiprocessing


def save(pages):
    """Write pages until the end of them is told."""
    print("saving", flush=True)
    count = 0
    while pages.get() is not None:
        count += 1
    print("saved", count, "pages", flush=True)


if __name__ == "__main__":
    pages = multiprocessing.Queue()
    saver = multiprocessing.Process(target=save, args=(pages,), name="saver")
    saver.start()
    for page in range(3):
        pages.put(f"page {page}")
    # The end is never told: here `pages.put(None)` was forgotten.
    saver.join()
