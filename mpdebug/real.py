"""The system's functions as they are, also where the program has others in their place.

`unittest.mock` replaces them in `os`, and pyfakefs in every module that has `os` or one of them
by name: what we write would go nowhere, and who we are would be a lie. So ours are held by a
class, which nobody looks into.
"""

from __future__ import annotations

import os


class Real:
    """Functions of `os`."""

    access = staticmethod(os.access)
    close = staticmethod(os.close)
    dup2 = staticmethod(os.dup2)
    fstat = staticmethod(os.fstat)
    ftruncate = staticmethod(os.ftruncate)
    getpid = staticmethod(os.getpid)
    getppid = staticmethod(os.getppid)
    listdir = staticmethod(os.listdir)
    lseek = staticmethod(os.lseek)
    mkdir = staticmethod(os.mkdir)
    open = staticmethod(os.open)
    read = staticmethod(os.read)
    rename = staticmethod(os.rename)
    rmdir = staticmethod(os.rmdir)
    unlink = staticmethod(os.unlink)
    write = staticmethod(os.write)
