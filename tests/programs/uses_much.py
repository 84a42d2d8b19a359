"""A Value and a manager's dict are used until nobody looks any more; then in a child too."""
import multiprocessing
from multiprocessing import managers, sharedctypes


def looked_at():
    get = sharedctypes.Synchronized.__dict__["value"].fget
    call = managers.BaseProxy.__dict__["_callmethod"]
    return [hasattr(get, "__wrapped__"), hasattr(call, "__wrapped__")]


def work(value, table, where):
    before = looked_at()
    for _ in range(2500):
        value.value += 1
        table["n"]
        table["n"]
    print(where, *before, *looked_at(), flush=True)


if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    with context.Manager() as manager:
        value, table = context.Value("i", 0), manager.dict(n=0)
        work(value, table, "main")
        process = context.Process(target=work, args=(value, table, "child"))
        process.start()
        process.join()
