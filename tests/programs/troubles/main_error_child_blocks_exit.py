"""The main script fails before it sends the last item, and its end waits for the consumer."""
import multiprocessing
import sys


def print_orders(orders, ready):
    ready.set()
    while (order := orders.get()) is not None:  # WAITS
        print(order)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    orders = multiprocessing.Queue()  # MADE
    ready = multiprocessing.Event()
    multiprocessing.Process(target=print_orders, args=(orders, ready), name="printer").start()
    ready.wait()
    raise LookupError("the menu is lost")  # RAISED
