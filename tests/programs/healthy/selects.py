"""A child waits in select() for any of two sockets."""
import multiprocessing
import select
import socket
import sys


def serve(ready, *servers):
    ready.set()
    while True:
        for server in select.select(servers, [], [])[0]:
            server.accept()[0].close()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ready = multiprocessing.Event()
    child = multiprocessing.Process(target=serve, args=(ready, *servers), daemon=True)
    child.start()
    ready.wait()
    print("ready", flush=True)
    open(sys.argv[2]).readline()
