"""Forks while somebody steps, and while breakpoints of pdb are set; children report."""
import multiprocessing
import os
import sys


def work(who):
    known = sys.modules.get("bdb")
    left = [b for b in known.Breakpoint.bpbynumber if b] if known else []
    print(who, sys.gettrace(), left, flush=True)
    return who


def forked(who):
    if (pid := os.fork()) == 0:
        work(who)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main():
    context = multiprocessing.get_context("fork")
    breakpoint()  # here
    print(forked("while stepping"))
    child = context.Process(target=work, args=("with a breakpoint",))
    child.start()
    child.join()
    print(child.exitcode)
    with context.Pool(2) as pool:
        print(pool.map(work, ["in a pool"]))
    work("parent")


if __name__ == "__main__":
    main()
