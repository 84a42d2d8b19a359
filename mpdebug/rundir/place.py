"""Where run folders live, and making a new one that nobody else can read or replace."""

from __future__ import annotations

import errno
import os
import stat
import tempfile

from mpdebug import errors
from mpdebug.rundir import layout

FULL = (errno.ENOSPC, errno.EDQUOT)
LETTERS = "abcdefghjkmnpqrstuvwxyz"
DIGITS = "23456789"
LINKS = ".plain"


def base() -> str:
    """The folder that holds the runs of this user; it may not exist yet.

    `$XDG_STATE_HOME/mpdebug` where that is set, else `<tmp>/mpdebug-<uid>`. Not
    $XDG_RUNTIME_DIR: that is a small RAM disk, and a run may write hundreds of megabytes.

    Raises:
        UnsafeFolderError: there is no folder for temporary files that can be written to.
    """
    state = os.environ.get("XDG_STATE_HOME", "")
    if os.path.isabs(state):
        return os.path.join(state, "mpdebug")
    try:
        folder = tempfile.gettempdir()
    except OSError as error:
        raise errors.UnsafeFolderError(
            f"there is no folder for runs: {error.strerror}"
        ) from error
    return os.path.join(folder, f"mpdebug-{os.getuid()}")


def check(path: str) -> None:
    """Refuse a folder that is not ours alone.

    `lstat`, so that a symbolic link somebody put there is refused and not followed.

    Raises:
        UnsafeFolderError: not a folder, owned by another user, or open to others.
    """
    try:
        found = os.lstat(path)
    except OSError as error:
        raise errors.UnsafeFolderError(f"cannot use {path}: {error.strerror}") from error
    if not stat.S_ISDIR(found.st_mode):
        raise errors.UnsafeFolderError(f"cannot use {path}: it is not a folder")
    if found.st_uid != os.getuid():
        raise errors.UnsafeFolderError(
            f"cannot use {path}: it belongs to user {found.st_uid}, not to you"
        )
    if found.st_mode & 0o077:
        raise errors.UnsafeFolderError(
            f"cannot use {path}: other users may read it (mode {found.st_mode & 0o777:04o})",
            f"Close it to others: chmod 700 {path}",
        )


def make_run(chosen: str = "") -> tuple[str, str]:
    """Make a new run folder; returns its path and the id of the run.

    Args:
        chosen: a folder named by the person: made if it is missing, refused if it holds
            anything. Empty: a fresh folder below `base()`.

    Raises:
        UnsafeFolderError: the folder cannot be made, or is not the user's own.
    """
    if chosen:
        path = os.path.abspath(chosen)
        _make_private(path)
        if os.listdir(path):
            raise errors.UnsafeFolderError(
                f"cannot use {path}: it is not empty",
                "Name a new or an empty folder: python -m mpdebug --run-dir DIR script.py",
            )
        run = os.path.basename(path)
    else:
        path, run = _fresh(_make_base())
    try:
        os.mkdir(os.path.join(path, layout.PROCESSES), 0o700)
    except OSError as error:
        raise errors.UnsafeFolderError(f"cannot use {path}: {error.strerror}") from error
    return path, run


def links() -> str:
    """A folder beside the runs for links to those that programs opened for themselves.

    Raises:
        UnsafeFolderError: it cannot be made, or is not the user's own.
    """
    above = _make_base()
    path = os.path.join(above, LINKS)
    _make_private(path)
    return path


def _make_base() -> str:
    above = base()
    try:
        os.makedirs(os.path.dirname(above), mode=0o700, exist_ok=True)
    except OSError as error:
        raise errors.UnsafeFolderError(f"cannot make {above}: {error.strerror}") from error
    _make_private(above)
    return above


def _make_private(path: str) -> None:
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass
    except OSError as error:
        raise errors.UnsafeFolderError(f"cannot make {path}: {error.strerror}") from error
    else:
        os.chmod(path, 0o700)  # the umask may have taken our own rights away
    check(path)


def _fresh(above: str) -> tuple[str, str]:
    """A folder with a short id that starts with a letter: a run is never taken for a pid."""
    while True:
        noise = os.urandom(4)
        run = LETTERS[noise[0] % len(LETTERS)] + "".join(
            (LETTERS + DIGITS)[byte % 31] for byte in noise[1:]
        )
        path = os.path.join(above, run)
        try:
            os.mkdir(path, 0o700)
        except FileExistsError:
            continue
        except OSError as error:
            raise errors.UnsafeFolderError(
                f"cannot write to {above}: {error.strerror}"
            ) from error
        os.chmod(path, 0o700)
        return path, run


def is_full(run: str) -> bool:
    """Whether a run folder takes no more: its disk is full, or the person's share of it."""
    path = os.path.join(run, f"full-{os.getpid()}")
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        return error.errno in FULL
    try:
        os.write(fd, b"?")
    except OSError as error:
        return error.errno in FULL
    finally:
        os.close(fd)
        os.unlink(path)
    return False
