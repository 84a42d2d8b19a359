"""The environment that brings the agent into a process."""

from __future__ import annotations

from mpdebug.patch import environment
from mpdebug.settings import VARIABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from mpdebug.settings import Settings


def program_environment(environ: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """A copy of an environment with the door first on PYTHONPATH and the settings of the run.

    The process that starts with it is the main process of the run: it takes that word out of
    the settings before it starts others.
    """
    settings.main = True
    env = dict(environ)
    env[VARIABLE] = settings.to_env()
    env["PYTHONPATH"] = environment.with_door(env.get("PYTHONPATH", ""))
    settings.main = False
    return env
