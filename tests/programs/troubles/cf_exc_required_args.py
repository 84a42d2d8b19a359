"""An exception that cannot be made again from its message breaks the whole executor."""
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor


class MissingColumn(Exception):
    def __init__(self, sheet, column):
        super().__init__(f"{sheet} has no column {column}")


def total(column):
    if column == "tax":
        raise MissingColumn("invoices", column)  # RAISED
    return len(column)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with ProcessPoolExecutor(2) as executor:
        print(list(executor.map(total, ["net", "tax", "gross"])))
