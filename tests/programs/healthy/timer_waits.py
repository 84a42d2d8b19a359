"""A thread's timer will set the event for which a child waits."""
import multiprocessing
import sys
import threading


def wait(event):
    event.wait()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    event = multiprocessing.Event()
    child = multiprocessing.Process(target=wait, args=(event,))
    child.start()
    timer = threading.Timer(60, event.set)
    timer.start()
    print("ready", flush=True)
    threading.Thread(target=lambda: (open(sys.argv[2]).readline(), timer.cancel(), event.set())).start()
    child.join()
