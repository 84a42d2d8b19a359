import logging
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor


def loaders(number):
    logging.warning("number %d", number)
    try:
        raise ValueError(number)
    except ValueError:
        logging.exception("failed")
    return sorted(
        {
            type(module.__spec__.loader).__name__
            for name, module in list(sys.modules.items())
            if name.partition(".")[0] == "mpdebug"
        }
    )


def works(lock, queue):
    with lock:
        queue.put(loaders(2))


if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    with context.Pool(1) as pool:
        print(*pool.map(loaders, [1])[0])
    with ProcessPoolExecutor(1, mp_context=context) as executor:
        print(*executor.submit(loaders, 1).result())
    lock = context.Lock()
    queue = context.Queue()
    child = context.Process(target=works, args=(lock, queue))
    child.start()
    print(*queue.get())
    child.join()
    with context.Manager() as manager:
        shared = manager.dict()
        with manager.Lock():
            shared[1] = 2
    print(*loaders(3))
