"""A breakpoint in a worker of a Pool, which plainly ends in an error or hangs for ever.

    python -m mpdebug examples/breakpoint_in_pool.py

The screen says which worker stopped where, and a prompt opens:

    ForkPoolWorker-1 (pid 7431) stopped at examples/breakpoint_in_pool.py:26 in price
    > /home/me/mpdebug/examples/breakpoint_in_pool.py(26)price()
    -> breakpoint()  # how can that be?
    (mpdb ForkPoolWorker-1 1/3)

Type `p order`, `n`, `p total`, and `c` to let it go on. The program then prints all prices.
From another terminal the same prompt opens with `mpdebug attach`.
"""

import multiprocessing

PRICES = {"tea": 4, "rice": 3, "salt": 1}


def price(order):
    """What one order costs."""
    total = 0
    for name, count in order.items():
        if count < 0:
            breakpoint()  # how can that be?
        total += PRICES[name] * count
    return total


if __name__ == "__main__":
    orders = [{"tea": 2}, {"rice": 1, "salt": 2}, {"tea": 1, "rice": -3}, {"salt": 9}]
    with multiprocessing.Pool(2) as pool:
        print("prices:", pool.map(price, orders, chunksize=1))
