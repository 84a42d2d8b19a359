"""Children have ended, and their parent does not ask how."""
import multiprocessing
import sys
import time
from multiprocessing import connection


def visit(leave):
    leave.wait()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    leave = multiprocessing.Event()
    visitors = [multiprocessing.Process(target=visit, args=(leave,)) for _ in range(12)]
    for visitor in visitors:
        visitor.start()
    leave.set()
    for visitor in visitors:
        connection.wait([visitor.sentinel])
    print("all are gone", flush=True)
    time.sleep(60)  # STANDS
