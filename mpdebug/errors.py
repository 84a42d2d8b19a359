"""The errors a person can meet. Each carries its cure: what to type next."""

from __future__ import annotations


class MpdebugError(Exception):
    """Something that the person who types the command can mend.

    `str(error)` says what was attempted and what stands against it; `cure` says what to type
    next. The command line prints both and leaves with `status`.
    """

    status = 2
    cure = "See: python -m mpdebug --help"

    def __init__(self, what: str, cure: str = "") -> None:
        super().__init__(what)
        if cure:
            self.cure = cure


class UsageError(MpdebugError):
    """The command line is not one we know. The program was not started."""


class ScriptNotFoundError(MpdebugError):
    """The script to run is not there or cannot be read. The program was not started."""

    cure = "Give the path of a Python file: python -m mpdebug [options] script.py [arguments]"


class UnsafeFolderError(MpdebugError):
    """The folder for runs could be read or replaced by somebody else, so it is not used."""

    cure = "Name a folder of your own: python -m mpdebug --run-dir DIR script.py"


class NoSuchRunError(MpdebugError):
    """No run of that name, path or process is known."""

    cure = "List the runs that there are: mpdebug runs"


class NoSuchPlaceError(MpdebugError):
    """There is no such file, line or live breakpoint. Nothing was changed."""

    cure = "Name a file and a line that has code: mpdebug break FILE:LINE"


class NewerFormatError(MpdebugError):
    """The run folder was written by a newer mpdebug; guessing what it says would be worse."""

    cure = "Read it with the mpdebug that wrote it, or update: pip install --upgrade mpdebug"


class UnsupportedError(MpdebugError):
    """This platform or Python version cannot do what was asked."""

    cure = "See what this platform can do: mpdebug --version --verbose"


class DoorError(MpdebugError):
    """The start-up files could not be put into, or taken out of, an environment."""

    cure = "Look at what is installed: mpdebug door status"


class SettingsError(MpdebugError):
    """A setting in pyproject.toml or in the environment is not one we know."""

    cure = "See the names of settings: python -m mpdebug --help"


class NoSuchProcessError(MpdebugError):
    """No process, or more than one, is called so; or nobody stands at a breakpoint."""

    cure = "See who stands at a breakpoint: mpdebug stops"


class StopTakenError(MpdebugError):
    """A stop cannot be entered: another prompt is in it, it steps, or it went on."""

    cure = "See who stands at a breakpoint: mpdebug stops"
