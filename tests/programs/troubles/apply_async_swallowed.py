"""Tasks fail behind apply_async(), and nobody asks for a result."""
import multiprocessing
import sys


def weigh(parcel):
    raise ValueError(f"no scales for parcel {parcel}")  # RAISED


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    pool = multiprocessing.Pool(2)  # MADE
    for parcel in range(3):
        pool.apply_async(weigh, (parcel,))  # ASKED
    pool.close()
    pool.join()
    print("every parcel was weighed")
