"""os.fork() and waitpid() for a child that waits for input."""
import os
import sys

if __name__ == "__main__":
    pid = os.fork()
    if pid == 0:
        print("ready", flush=True)
        open(sys.argv[2]).readline()
        os._exit(0)
    os.waitpid(pid, 0)
