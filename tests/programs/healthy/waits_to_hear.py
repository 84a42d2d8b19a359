"""A child waits in recv() for orders, and its answers are waited for by a thread."""
import multiprocessing
import sys
import threading


def obey(end):
    while end.recv() != "end":
        end.send("done")
    end.close()


def listen(end):
    while True:
        try:
            end.recv()
        except EOFError:
            return


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.Process(target=obey, args=(theirs,))
    child.start()
    theirs.close()
    threading.Thread(target=listen, args=(ours,)).start()
    print("ready", flush=True)
    open(sys.argv[2]).readline()
    ours.send("end")
