"""communicate() with a program that says much."""
import subprocess
import sys

if __name__ == "__main__":
    words = [sys.executable, "-c", "print('x' * 300_000); input()"]
    child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    print(len(child.communicate("end\n")[0]), child.returncode)
