"""Eight workers stand at the same line, and one of them is not like the others.

    python -m mpdebug examples/odd_worker.py

All eight stop; a prompt opens in one of them. Ask them all together:

    all len(rows)     7 × 500 · 499 shard-6
    odd len(rows)     says only who differs
    worker shard-6    goes there: look around with `p shard`, `w`, `l`
    c all             lets all of them go on
"""

import multiprocessing

TABLE = [{"id": number, "shard": number % 8} for number in range(4000)]
TABLE[2806]["shard"] = "6"  # somebody wrote it as text


def load(shard, done):
    """The rows of one shard."""
    rows = [row for row in TABLE if row["shard"] == shard]
    breakpoint()
    done.put((shard, len(rows)))


if __name__ == "__main__":
    done = multiprocessing.Queue()
    workers = [
        multiprocessing.Process(target=load, args=(shard, done), name=f"shard-{shard}")
        for shard in range(8)
    ]
    for worker in workers:
        worker.start()
    found = dict(done.get() for _ in workers)
    for worker in workers:
        worker.join()
    print("rows:", [found[shard] for shard in range(8)])
