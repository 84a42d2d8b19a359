"""A child waits in poll(None) for a message that comes when somebody tells us."""
import multiprocessing
import sys


def listen(end):
    end.poll(None)
    end.recv()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    theirs, ours = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.Process(target=listen, args=(theirs,), name="poller")
    child.start()
    print("ready", flush=True)
    open(sys.argv[2]).readline()
    ours.send("end")
    child.join()
