"""Tasks that fail, and what their parent gets to see: WHERE [START_METHOD]"""

import concurrent.futures as futures
import multiprocessing
import sys
import threading


def fail(n):
    double = n * 2
    raise ValueError(f"bad {n}")


def fail_deeply(n):
    raise KeyError(int(str(n)))


class Unsendable:
    def __repr__(self):
        return "Unsendable"

    def __reduce__(self):
        raise TypeError("no")


def unsendable(n):
    return Unsendable()


def leave(n):
    sys.exit(n)


def library(n):
    return int("x")


class Mute(Exception):
    def __str__(self):
        raise OSError("no words")

    __repr__ = __str__


def mute(n):
    raise Mute


def group(n):
    raise ExceptionGroup(
        "many", [ValueError(1), KeyError(2), ExceptionGroup("in", [OSError(3)])]
    )


def chain(n):
    try:
        fail(n)
    except ValueError as error:
        raise RuntimeError("because") from error


def deep(n):
    if n > 400:
        raise RecursionError(n)
    deep(n + 1)


def show(get):
    try:
        print(repr(get()))
    except BaseException as error:
        said = str(error.__cause__)
        try:
            print(type(error).__name__, error, said)
        except OSError:
            print(type(error).__name__, said)


def pool(context):
    with context.Pool(2) as workers:
        for n in range(5):
            show(lambda: workers.apply(fail, (n,)))
        show(lambda: workers.apply(unsendable, (1,)))
        show(lambda: workers.map(fail_deeply, [1]))


def executor(context):
    with futures.ProcessPoolExecutor(2, context) as workers:
        for call in (fail, fail, unsendable, leave, fail_deeply):
            show(lambda: workers.submit(call, 1).result(30))


def odd(context):
    with context.Pool(1) as workers:
        for call in (library, mute, group, chain, deep):
            show(lambda: workers.apply(call, (1,)))


def same(context):
    with context.Pool(3) as workers:
        for result in [workers.apply_async(fail, (n,)) for n in range(6)]:
            show(result.get)


def process(context):
    for n in range(2):
        child = context.Process(target=fail, args=(n,), name=f"w{n}")
        child.start()
        child.join()
        print(child.exitcode)


def thread(context):
    each = threading.Thread(target=fail, args=(1,), name="t")
    each.start()
    each.join()


def handled(context):
    """The program has a hook of its own, which never calls Python's."""

    def mine(kind, *_):
        print("hook", kind.__name__, file=sys.stderr)

    sys.excepthook = mine
    fail(3)


def main(context):
    sys.excepthook = lambda *error: sys.__excepthook__(*error)
    try:
        fail(1)
    except ValueError:
        sys.excepthook(*sys.exc_info())  # shown, but caught
    chain(2)


def joblib(context):
    import fails_in_workers as named  # sent by value, cloudpickle 3.1.3 takes its file from it
    import joblib

    for backend, call in (("loky", named.fail), ("multiprocessing", named.fail_deeply)):
        show(lambda: joblib.Parallel(2, backend)(joblib.delayed(call)(n) for n in (1,)))


def kin(context):
    import billiard
    import multiprocess

    with multiprocess.Pool(1) as workers:
        show(lambda: workers.apply(fail, (1,)))
    with billiard.Pool(1) as workers:
        show(lambda: workers.apply(fail_deeply, (1,)))


if __name__ == "__main__":
    if sys.argv[1] == "main":
        try:
            fail(0)
        except ValueError:
            sys.excepthook(*sys.exc_info())  # at the bottom of the stack, and caught too
    globals()[sys.argv[1]](multiprocessing.get_context(*sys.argv[2:]))
