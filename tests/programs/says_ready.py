"""Says "ready" on one FIFO and waits for a line on another; prints that line."""

import sys

with open(sys.argv[1], "w") as ready:
    print("ready", file=ready)
with open(sys.argv[2]) as go:
    print(go.readline().strip())
