"""A pool that logs. Run it plainly and you see warnings only, and not from whom.

    python -m mpdebug examples/pool_that_logs.py [fork|spawn|forkserver]

Every worker's records come out in one stream, in the order of time, with the worker's name
and with the keys given in `extra=`. Nothing is configured here but the level.
"""

import logging
import multiprocessing
import sys

log = logging.getLogger("shop.orders")
log.setLevel(logging.INFO)


def price(order):
    """What an order costs; there is something to say about odd ones."""
    total = order * 19
    log.info("priced", extra={"order": order, "total": total})
    if order % 5 == 0:
        log.warning("large order", extra={"order": order})
    return total


def main():
    """Price twelve orders in three workers."""
    method = sys.argv[1] if len(sys.argv) > 1 else None
    with multiprocessing.get_context(method).Pool(3) as pool:
        totals = pool.map(price, range(1, 13), chunksize=1)
    print("total", sum(totals))


if __name__ == "__main__":
    main()
