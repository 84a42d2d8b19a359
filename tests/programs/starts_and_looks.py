"""Processes whose ends somebody reads, or nobody: METHOD WAY."""
import multiprocessing
import sys


def fails():
    raise ValueError("lost data")


def waits(path):
    open(path).readline()


def looks(context):
    process = context.Process(target=fails, daemon=True)
    process.start()
    process.join()
    print(process.exitcode, process.exitcode)


def ignores(context):
    process = context.Process(target=fails)
    process.start()
    process.join()
    print(process.is_alive(), "stopped[1]" in repr(process))


def errs(context):
    """What cannot be pickled, and a daemon's child."""
    try:
        context.Process(target=lambda: None).start()
    except Exception as error:
        print(type(error).__name__)
    process = context.Process(target=has_children, daemon=True)
    process.start()
    process.join()


def has_children():
    try:
        multiprocessing.Process(target=fails).start()
    except AssertionError as error:
        print(error)


def exits(context):
    """The main script ends while a child still runs."""
    context.Process(target=waits, args=(sys.argv[3],)).start()


if __name__ == "__main__":
    globals()[sys.argv[2]](multiprocessing.get_context(sys.argv[1]))
