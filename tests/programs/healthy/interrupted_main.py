"""The main script handles Ctrl-C, by which it lets its children go: until then all wait."""
import multiprocessing
import signal
import sys


def serve(over):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    over.wait()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    over = multiprocessing.Event()
    servers = [multiprocessing.Process(target=serve, args=(over,)) for _ in range(2)]
    for server in servers:
        server.start()
    signal.signal(signal.SIGINT, lambda *_: over.set())
    print("ready", flush=True)
    for server in servers:
        server.join()
