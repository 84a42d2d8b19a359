"""A worker hangs; a prompt opens inside of it, in the middle of its wait.

    python -m mpdebug examples/attach_to_hung.py

It says nothing more after "saving": it hangs. In another terminal:

    mpdebug attach --hung

opens a prompt in the process that has not moved longest, without ptrace, at the line where it
waits. Type `w` to see how it came there and `p pages`; then `ready.release()` and `c`: what it
waited for comes, and the program ends.
"""

import multiprocessing


def save(pages, ready):
    """Save so many pages as soon as the disk is ready."""
    print("saving", flush=True)
    ready.acquire()
    print("saved", pages, "pages", flush=True)


if __name__ == "__main__":
    ready = multiprocessing.Semaphore(0)
    saver = multiprocessing.Process(target=save, args=(3, ready), name="saver")
    saver.start()
    # Here `ready.release()` was forgotten.
    saver.join()
