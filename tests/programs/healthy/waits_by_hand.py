"""os.fork() and waitpid(), and the status is looked at."""
import os

if __name__ == "__main__":
    pids = []
    for number in range(3):
        pid = os.fork()
        if pid == 0:
            os._exit(number)
        pids.append(pid)
    print([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids])
