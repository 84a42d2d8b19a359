import os
import subprocess
import sys
import time

run = os.environ["MPDEBUG_RUN"].partition("dir=")[2]


def ready():
    spare = os.path.join(run, "spare")
    names = os.listdir(spare) if os.path.isdir(spare) else []  # we may be quicker
    return [name for name in names if name.isdigit()]


while len(ready()) < 2:
    time.sleep(0.001)
first = os.stat(os.path.join(run, "spare", "0")).st_ino
subprocess.run([sys.executable, "-c", "pass"])
folders = [os.path.join(run, "p", name) for name in os.listdir(os.path.join(run, "p"))]
if first in [os.stat(folder).st_ino for folder in folders]:
    print("taken")
while len(ready()) < 3:
    time.sleep(0.001)
print("three are ready")
