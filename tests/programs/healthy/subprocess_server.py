"""A subprocess waits for questions on its stdin, and the main script for input."""
import subprocess
import sys

ECHO = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"

if __name__ == "__main__":
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", ECHO], **pipes) as server:
        server.stdin.write("one\n")
        server.stdin.flush()
        server.stdout.readline()
        print("ready", flush=True)
        open(sys.argv[2]).readline()
        server.communicate("two\n")
