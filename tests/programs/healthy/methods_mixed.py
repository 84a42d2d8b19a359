"""Two start methods in one program, each with locks of its own."""
import multiprocessing
import sys


def work(lock):
    with lock:
        pass


if __name__ == "__main__":
    codes = []
    for method in ("fork", sys.argv[1]):
        context = multiprocessing.get_context(method)
        lock = context.Lock()
        child = context.Process(target=work, args=(lock,))
        child.start()
        child.join()
        codes.append(child.exitcode)
    print(codes)
