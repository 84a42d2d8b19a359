"""An mmap of a file that two processes write."""
import mmap
import multiprocessing
import sys
import tempfile


def write(path, place):
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        memory[place] = 65 + place


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with tempfile.NamedTemporaryFile() as file:
        file.write(bytes(4))
        file.flush()
        children = [multiprocessing.Process(target=write, args=(file.name, n)) for n in range(2)]
        for child in children:
            child.start()
        for child in children:
            child.join()
        file.seek(0)
        print(file.read())
