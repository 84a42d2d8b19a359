"""Workers log to a queue, and a QueueListener in the main script takes the records."""
import logging
import logging.handlers
import multiprocessing
import sys


def work(records, number):
    logging.getLogger().addHandler(logging.handlers.QueueHandler(records))
    logging.warning("work %s", number)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    records = multiprocessing.Queue()
    children = [multiprocessing.Process(target=work, args=(records, n)) for n in range(2)]
    for child in children:
        child.start()
    listener = logging.handlers.QueueListener(records, logging.StreamHandler(sys.stdout))
    listener.start()
    for child in children:
        child.join()
    listener.stop()
