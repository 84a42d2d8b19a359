"""What is put cannot be pickled: put() says nothing, and the item is dropped."""
import multiprocessing
import sys


def invent(ideas):
    ideas.put(lambda: "wheel")  # PUT


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    ideas = multiprocessing.Queue()  # MADE
    child = multiprocessing.Process(target=invent, args=(ideas,), name="inventor")
    child.start()
    child.join()
    print(ideas.get())  # WAITS
