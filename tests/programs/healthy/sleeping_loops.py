"""Daemons that look and sleep in turns, as pollers do."""
import multiprocessing
import sys
import time


def poll():
    while True:
        time.sleep(0.02)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    for number in range(3):
        multiprocessing.Process(target=poll, name=f"poller-{number}", daemon=True).start()
    print("ready", flush=True)
    open(sys.argv[2]).readline()
