"""wait() for a program that waits for input from outside."""
import subprocess
import sys

if __name__ == "__main__":
    with subprocess.Popen(["head", "-n1", sys.argv[2]], stdout=subprocess.DEVNULL) as child:
        print("ready", flush=True)
        child.wait()
