"""`python -m mpdebug`."""

# Nothing from __future__: the working directory, which may have one, still comes first here.
import sys


def put_own_modules_first() -> None:
    """Keep the user's own `rich.py` or `queue.py` from being taken for the library's.

    `-m` puts the working directory first on sys.path, and PYTHONPATH comes before the standard
    library. The one goes (mpdebug itself is loaded, and finds its parts by its own path), the
    others go to the end: our libraries may be there. The program has a sys.path of its own.
    """
    import os  # noqa: PLC0415  # nothing comes before the working directory is gone

    if not sys.flags.safe_path and sys.path:
        del sys.path[0]
    named = os.environ.get("PYTHONPATH", "")
    if named and not sys.flags.ignore_environment:
        try:
            theirs = {os.path.abspath(path) for path in named.split(os.pathsep)}
            sys.path.sort(key=lambda path: os.path.abspath(path) in theirs)
        except OSError:  # contextlib could be theirs; there is no cwd
            pass


if __name__ == "__main__":
    put_own_modules_first()
    from mpdebug.cli.main import console

    console()
