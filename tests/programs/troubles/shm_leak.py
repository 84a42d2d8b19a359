"""A segment is made and closed, and never unlinked."""
from multiprocessing import shared_memory

if __name__ == "__main__":
    board = shared_memory.SharedMemory(create=True, size=4096)  # MADE
    board.buf[0] = 1
    board.close()
