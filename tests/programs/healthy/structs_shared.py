"""A shared structure of ctypes, changed under its lock."""
import ctypes
import multiprocessing
import sys
from multiprocessing import sharedctypes


class Point(ctypes.Structure):
    _fields_ = (("x", ctypes.c_int), ("y", ctypes.c_int))


def move(points):
    with points.get_lock():
        for point in points:
            point.x += 1


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    points = sharedctypes.Array(Point, [(1, 2), (3, 4)])
    child = multiprocessing.Process(target=move, args=(points,))
    child.start()
    child.join()
    print([point.x for point in points])
