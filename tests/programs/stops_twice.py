"""A task that stops twice: [START_METHOD]; how long a client is waited for is made short."""
import multiprocessing
import sys

if "mpdebug.agent.process" in sys.modules:
    from mpdebug.agent import wire

    wire.PATIENCE = 0.3


def task(n):
    words = ["\xe9", "\udce9"]
    breakpoint()  # first
    n += 1
    n += 1
    breakpoint()  # second
    return n, len(words)


if __name__ == "__main__":
    with multiprocessing.get_context(*sys.argv[1:]).Pool(1) as pool:
        try:
            print(pool.apply(task, (10,)))
        except BaseException as error:
            print(type(error).__name__, error)
