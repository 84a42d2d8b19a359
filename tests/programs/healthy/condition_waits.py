"""Children wait in Condition.wait_for() until the main script lets them go."""
import multiprocessing
import sys


def wait(condition, open_):
    with condition:
        condition.wait_for(lambda: open_.value)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    condition, open_ = multiprocessing.Condition(), multiprocessing.Value("b", 0)
    children = [multiprocessing.Process(target=wait, args=(condition, open_)) for _ in range(2)]
    for child in children:
        child.start()
    print("ready", flush=True)
    open(sys.argv[2]).readline()
    with condition:
        open_.value = 1
        condition.notify_all()
    for child in children:
        child.join()
