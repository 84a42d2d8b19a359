"""wait() for a program whose output goes to a pipe that nobody reads."""
import subprocess
import sys

if __name__ == "__main__":
    speaker = subprocess.Popen(
        [sys.executable, "-c", "print('word ' * 200_000)"],
        stdout=subprocess.PIPE,
    )
    speaker.wait()  # WAITS
    print(len(speaker.stdout.read()))
