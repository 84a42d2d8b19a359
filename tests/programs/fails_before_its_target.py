import multiprocessing
import multiprocessing.util


def fail():
    raise KeyError("closing")


def work():
    pass


if __name__ == "__main__":
    multiprocessing.util._close_stdin = fail
    child = multiprocessing.get_context("fork").Process(target=work, name="early")
    child.start()
    child.join()
    print(child.exitcode)
