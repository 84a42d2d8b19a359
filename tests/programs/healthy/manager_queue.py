"""Three children wait for jobs in a manager's queue, and count under a manager's lock."""
import multiprocessing
import sys


def work(jobs, lock, done):
    while jobs.get() is not None:
        with lock:
            done["jobs"] = done.get("jobs", 0) + 1


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Manager() as manager:
        jobs, lock, done = manager.Queue(), manager.Lock(), manager.dict()
        args = (jobs, lock, done)
        children = [multiprocessing.Process(target=work, args=args) for _ in range(3)]
        for child in children:
            child.start()
        print("ready", flush=True)
        open(sys.argv[2]).readline()
        for job in [*range(20), None, None, None]:
            jobs.put(job)
        for child in children:
            child.join()
