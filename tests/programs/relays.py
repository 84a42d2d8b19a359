"""The logging cookbook: workers put records in a queue, a listener process prints them."""
import logging
import logging.handlers
import multiprocessing
import sys


def listener(queue):
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(processName)s %(message)s"))
    logging.getLogger().addHandler(handler)
    while (record := queue.get()) is not None:
        logging.getLogger(record.name).handle(record)


def worker(queue, number):
    root = logging.getLogger()
    root.handlers[:] = [logging.handlers.QueueHandler(queue)]
    root.setLevel(logging.INFO)
    logging.getLogger("work").info("step %d", number)


if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    queue = context.Queue()
    printer = context.Process(target=listener, args=(queue,), name="printer")
    printer.start()
    for number in range(4):
        each = context.Process(target=worker, args=(queue, number), name=f"worker-{number}")
        each.start()
        each.join()
    queue.put(None)
    printer.join()
