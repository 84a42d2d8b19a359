"""connection.wait() for several pipes and an end, one child of which waits for input."""
import multiprocessing
import sys
from multiprocessing import connection


def answer(writer, path):
    if path:
        print("ready", flush=True)
        open(path).readline()
    writer.send("answer")


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    waited, children = [], []
    for path in ("", sys.argv[2]):
        reader, writer = multiprocessing.Pipe(duplex=False)
        child = multiprocessing.Process(target=answer, args=(writer, path))
        child.start()
        children.append(child)  # one that is forgotten closes its sentinel
        writer.close()
        waited += [reader, child.sentinel]
    while waited:
        for thing in connection.wait(waited):
            waited.remove(thing)
            isinstance(thing, int) or thing.recv()
