"""multiprocessing's Listener waits for a client, in a child."""
import multiprocessing
import os
import sys
from multiprocessing.connection import Client, Listener


def serve(path, ready):
    with Listener(path) as listener:
        ready.set()
        with listener.accept() as guest:
            guest.recv()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    ready = multiprocessing.Event()
    os.chdir(os.path.dirname(sys.argv[2]))
    path = f"{os.path.basename(sys.argv[2])}.s"  # a socket's path has room for 107 bytes
    child = multiprocessing.Process(target=serve, args=(path, ready), name="server")
    child.start()
    ready.wait()
    print("ready", flush=True)
    open(sys.argv[2]).readline()
    with Client(path) as server:
        server.send("end")
    child.join()
