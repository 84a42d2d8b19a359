"""A child waits in epoll for two pipes of the main script's."""
import multiprocessing
import select
import sys


def wait(*ends):
    with select.epoll() as poll:
        for end in ends:
            poll.register(end.fileno(), select.EPOLLIN)
        poll.poll()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    pipes = [multiprocessing.Pipe(duplex=False) for _ in range(2)]
    child = multiprocessing.Process(target=wait, args=[reader for reader, _ in pipes])
    child.start()
    print("ready", flush=True)
    open(sys.argv[2]).readline()
    pipes[1][1].send("end")
    child.join()
