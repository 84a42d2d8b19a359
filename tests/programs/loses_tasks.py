"""Tasks that fail, and who looks at it: KIND METHOD."""
import concurrent.futures
import multiprocessing
import os
import sys


class BadRow(Exception):
    def __init__(self, table, row):
        super().__init__(f"bad row {row} in {table}")


def fails(number):
    raise ValueError(f"cannot do {number}")


def raises_bad_row(number):
    raise BadRow("users", number)


def unsendable(number):
    error = ValueError("with a lock")
    error.lock = multiprocessing.Lock()
    raise error


def works(number):
    return number


def look(see, *args):
    try:
        print(see(*args))
    except Exception as error:
        print(type(error).__name__)


def pool(context):
    with context.Pool(2) as pool:
        look(pool.apply_async(fails, (0,)).get)
        look(pool.map, fails, range(4))
        look(list, pool.imap(fails, range(2)))
        look(list, pool.imap_unordered(fails, [1], chunksize=2))
        result = pool.apply_async(fails, (1,), error_callback=lambda error: None)
        result.wait()
        result = pool.apply_async(fails, (2,))
        result.wait()
        print(result.successful())
        print(pool.map(works, range(3)))
        if sys.argv[1] == "swallows":
            for number in range(3):
                pool.apply_async(fails, (number,)).wait()
            pool.map_async(fails, range(2)).wait()
        pool.close()
        pool.join()


swallows = pool


def executor(context):
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as executor:
        look(executor.submit(fails, 0).result)
        look(list, executor.map(fails, [0]))
        print(executor.submit(fails, 1).exception())
        executor.submit(fails, 2).add_done_callback(lambda future: None)
        look(executor.submit(works, 3).result)
        look(executor.submit(works, lambda: 1).result)
        if sys.argv[1] == "forgets":
            concurrent.futures.wait([executor.submit(fails, 3)])


forgets = executor


def dies(context):
    """The thread that takes results dies of what it cannot unpickle."""
    pool = context.Pool(1)
    pool.map_async(raises_bad_row, [1])
    pool._result_handler.join()
    os._exit(0)


def breaks(context):
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as executor:
        look(executor.submit(raises_bad_row, 1).result)
        look(executor.submit, works, 1)


def encodes(context):
    with context.Pool(1) as pool:
        look(pool.apply, unsendable, (1,))


def open_(context):
    pool = context.Pool(1)
    print(pool.map(works, range(3)))


def begin(event):
    global started
    started = event


def stays_started():
    started.set()
    os.read(os.pipe()[0], 1)


def leaves(context):
    event = context.Event()
    pool = context.Pool(1, begin, (event,))
    pool.apply_async(stays_started)
    pool.close()
    event.wait()


def many(context):
    with context.Pool(1) as pool:
        for result in [pool.apply_async(fails, (number,)) for number in range(300)]:
            result.wait()


if __name__ == "__main__":
    ways = {**globals(), "open": open_}
    ways[sys.argv[1]](multiprocessing.get_context(sys.argv[2]))
