"""A program that only looks at a segment takes it away, by its own resource tracker."""
import os
import subprocess
import sys
import time
from multiprocessing import shared_memory

LOOK = "from multiprocessing import shared_memory as s; import sys; s.SharedMemory(sys.argv[1]).close()"

if __name__ == "__main__":
    board = shared_memory.SharedMemory(create=True, size=4096)  # MADE
    subprocess.run([sys.executable, "-c", LOOK, board.name], check=True)
    for _ in range(500):
        if not os.path.exists(f"/dev/shm/{board.name}"):
            break
        time.sleep(0.01)
    else:
        print("it is still there")
    board.close()
    board.unlink()
