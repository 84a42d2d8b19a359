"""See, read, stop and explain every process of a multiprocess Python program.

Nothing is imported here: this module is loaded in every process of the program, also in
interpreters that have none of our dependencies. The public names load what they need when
they are first asked for.
"""

__version__ = "0.1.0"

__all__ = [
    "__version__",
    "breakpoint",
    "get_logger",
    "install",
    "post_mortem",
    "tree",
    "uninstall",
]

_HOME = {
    "breakpoint": "mpdebug.entry.breakpoint",
    "get_logger": "mpdebug.entry.logger",
    "install": "mpdebug.entry.install",
    "post_mortem": "mpdebug.entry.breakpoint",
    "tree": "mpdebug.cli.look",
    "uninstall": "mpdebug.entry.install",
}

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mpdebug.cli.look import tree as tree
    from mpdebug.entry.breakpoint import breakpoint as breakpoint  # noqa: A004 - as the built-in
    from mpdebug.entry.breakpoint import post_mortem as post_mortem
    from mpdebug.entry.install import install as install
    from mpdebug.entry.install import uninstall as uninstall
    from mpdebug.entry.logger import get_logger as get_logger


def __getattr__(name: str) -> object:
    """Load a public name from the module that has it, once."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = __import__(_HOME[name], fromlist=[name])
    globals()[name] = found = getattr(module, name)
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
