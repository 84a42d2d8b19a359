"""A large message fills a pipe, and its reader is busy with something from outside."""
import multiprocessing
import sys


def consume(reader, path):
    print("ready", flush=True)
    open(path).readline()
    reader.recv_bytes()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    reader, writer = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.Process(target=consume, args=(reader, sys.argv[2]), name="consumer")
    child.start()
    reader.close()
    writer.send_bytes(bytes(500_000))
    child.join()
