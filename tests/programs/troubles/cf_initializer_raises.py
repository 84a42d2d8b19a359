"""The initializer of an executor fails, and each worker ends with status 0."""
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor


def connect(port):
    raise OSError(f"nobody listens on {port}")  # RAISED


def query(number):
    return number


if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    with ProcessPoolExecutor(2, context, connect, (5432,)) as executor:
        print(list(executor.map(query, range(3))))
