"""A reader waits for the end of a pipe whose writing end it has itself."""
import multiprocessing
import sys


def listen(ear, mouth):
    try:
        while True:
            print("heard", ear.recv())  # WAITS
    except EOFError:
        print("silence")


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    ear, mouth = multiprocessing.Pipe(duplex=False)  # MADE
    child = multiprocessing.Process(target=listen, args=(ear, mouth), name="listener")
    child.start()
    mouth.send("hello")
    mouth.close()
    ear.close()
    child.join()
