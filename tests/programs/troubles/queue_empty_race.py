"""empty() right after put(): the feeder thread has not written yet."""
import multiprocessing
import sys

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    lied = 0
    for number in range(60):
        hat = multiprocessing.Queue()
        hat.put(number)
        lied += hat.empty()  # ASKED
        hat.get()
    print(f"empty() was wrong {lied} times")
