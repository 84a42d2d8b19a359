"""The output of one program is the input of the next, and the first waits for input."""
import subprocess
import sys

if __name__ == "__main__":
    first = subprocess.Popen(["head", "-n1", sys.argv[2]], stdout=subprocess.PIPE)
    second = subprocess.Popen(["sort"], stdin=first.stdout, stdout=subprocess.PIPE)
    first.stdout.close()
    print("ready", flush=True)
    second.communicate()
    first.wait()
