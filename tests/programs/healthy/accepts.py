"""A child waits in accept() for guests from outside."""
import multiprocessing
import socket
import sys


def serve(server):
    while True:
        server.accept()[0].close()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    server = socket.create_server(("127.0.0.1", 0))
    child = multiprocessing.Process(target=serve, args=(server,), name="server")
    child.start()
    socket.create_connection(server.getsockname()).recv(1)
    print("ready", flush=True)
    open(sys.argv[2]).readline()
    child.terminate()
    child.join()
