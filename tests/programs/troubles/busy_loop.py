"""A worker computes for ever: a pattern that tries all ways to split a text."""
import multiprocessing
import re
import sys


def is_a_word_list(text):
    return bool(re.match(r"(\w+ ?)+$", text))  # SPINS


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Pool(2) as pool:
        print(pool.map(is_a_word_list, ["one two", "a" * 50 + "!"], chunksize=1))  # ASKED
