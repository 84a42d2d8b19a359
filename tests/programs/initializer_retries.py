"""A Pool whose initializer fails four times, and then gets through."""

import multiprocessing


def ready(attempts):
    with attempts.get_lock():
        attempts.value += 1
    if attempts.value < 5:
        raise ConnectionError("the database is not up")


def double(number):
    return 2 * number


if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    with context.Pool(1, ready, (context.Value("i"),)) as pool:
        print(pool.map(double, range(3)))
