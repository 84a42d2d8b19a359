"""The `if __name__ == "__main__":` that is missing.

    python -m mpdebug examples/spawn_without_guard.py

A spawned child imports this file to find its target. Without the guard it starts a process in
its turn, which multiprocessing refuses: the child dies before it reaches `work`. mpdebug says
so in one place, with the line to change.
"""

import multiprocessing


def work():
    """Never reached."""
    print("working")


child = multiprocessing.get_context("spawn").Process(target=work, name="worker")
child.start()
child.join()
print("the child's exit code:", child.exitcode)
