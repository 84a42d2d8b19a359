"""Two workers read and write what they share, on lines that lose data and on lines that do not.

Argument: METHOD. The lines that lose something end in a comment that names the finding.
"""
import multiprocessing
import random
import sys

RANDOM = random.Random()
SEEDED_ANEW = random.Random()


def work(shared, main_lock, barrier, turn):
    value, other, array, locked, single, table, names, inner, remote_lock = shared
    for _ in range(3):
        value.value += 1  # lost-update
        array[1] = array[1] + 1  # lost-update
        table["n"] += 1  # lost-update
        names.n += 1  # lost-update
        table["xs"].append(1)  # copy-changed
        table["at"]["x"] = 2  # copy-changed
        with other.get_lock():
            other.value += 1
        with main_lock:
            locked.value += 1
        with remote_lock:
            table["safe"] += 1
        if turn == 0:
            single.value += 1
            table["single"] += 1
        inner.append(1)
        xs = table["xs"]
        xs.append(2)
        table["xs"] = xs
        print(len(table["xs"]), table["at"]["x"], sep=" ", file=sys.stderr)
        barrier.wait()
    SEEDED_ANEW.seed(turn)
    SEEDED_ANEW.random()
    RANDOM.random()  # same-random-numbers, under fork
    barrier.wait()


if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    with context.Manager() as manager:
        table = manager.dict(n=0, xs=[], at={"x": 1}, safe=0, single=0)
        values = [context.Value("i", 0) for _ in range(4)]
        values.insert(2, context.Array("i", 3))
        shared = (*values, table, manager.Namespace(n=0), manager.list(), manager.Lock())
        barrier = context.Barrier(2)
        lock = context.Lock()
        processes = [
            context.Process(target=work, args=(shared, lock, barrier, turn), name=f"w-{turn}")
            for turn in (0, 1)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        values[0].value += 1
