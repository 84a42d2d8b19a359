"""What is left in a queue is given up on purpose, by cancel_join_thread()."""
import multiprocessing
import sys


def produce(hints, ready):
    hints.cancel_join_thread()
    for _ in range(100):
        hints.put("x" * 10_000)
    ready.set()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    hints, ready = multiprocessing.Queue(), multiprocessing.Event()
    child = multiprocessing.Process(target=produce, args=(hints, ready))
    child.start()
    ready.wait()
    child.join()
    hints.cancel_join_thread()
    print(child.exitcode)
