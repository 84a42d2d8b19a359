"""A child has the lock of a file that its parent took and closed; the parent joins who wants it."""
import fcntl
import os
import sys
import tempfile

path = tempfile.mkstemp()[1]
file = open(path, "w")
fcntl.flock(file, fcntl.LOCK_EX)
heir = os.fork()
if heir == 0:
    open(sys.argv[2]).readline()
    os._exit(0)
file.close()
waiter = os.fork()
if waiter == 0:
    with open(path, "w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
    os._exit(0)
print("ready", flush=True)
os.waitpid(waiter, 0)
os.waitpid(heir, 0)
os.unlink(path)
