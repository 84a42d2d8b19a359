"""A Pool is made without the guard: its workers try to make one too, and are replaced for ever."""
import multiprocessing
import sys


def half(number):
    return number / 2


pool = multiprocessing.get_context(sys.argv[1]).Pool(2)  # MADE
print(pool.map(half, range(3)))  # ASKED
