"""os.fork() and os._exit(): the usual end of a child forked by hand."""
import os
import sys

if __name__ == "__main__":
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        os.write(writer, b"result")
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        print(pipe.read())
    print(os.waitpid(pid, 0)[1])
