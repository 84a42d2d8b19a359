"""The settings that travel from the supervisor to every process, in one environment variable.

The variable reads `logs=auto;capture=1;dir=/path/of/the/run`: `dir` is last and taken as it
is, the other values have `%`, `;` and `=` written as %25, %3B and %3D. It is parsed by hand
because `json`, `re` and `dataclasses` together cost more than the rest of our start-up.
"""

from __future__ import annotations

VARIABLE = "MPDEBUG_RUN"
OFF = "MPDEBUG_DISABLE"
ESCAPES = (("%", "%25"), (";", "%3B"), ("=", "%3D"))


class Settings:
    """What an agent has to know. Every value is text, a whole number or a truth value."""

    __slots__ = (
        "breakpoints",
        "capture",
        "debug",
        "err",
        "ignore",
        "main",
        "mp_log",
        "only",
        "out",
        "pm",
        "quit_key",
        "record",
        "remote_pdb",
        "run",
        "script",
        "signals",
        "supervisor",
        "tcp",
        "wait",
        "waits",
    )

    def __init__(
        self,
        run: str,
        *,
        supervisor: int = 0,
        main: bool = False,
        capture: bool = False,
        out: str = "",
        err: str = "",
        mp_log: str = "",
        only: str = "",
        ignore: str = "",
        debug: str = "",
        breakpoints: str = "",
        waits: bool = False,
        wait: str = "",
        pm: str = "",
        script: str = "",
        tcp: bool = False,
        remote_pdb: str = "",
        signals: str = "",
        quit_key: bool = False,
        record: str = "",
    ) -> None:
        self.run = run  # path of the run folder
        self.supervisor = supervisor  # pid; 0: nobody supervises this run
        self.main = main  # the process that reads this is the program's main process
        self.capture = capture
        self.out = out  # "device:inode" of the supervisor's stdout and stderr
        self.err = err
        self.mp_log = mp_log  # level name for multiprocessing's own logger
        self.only = only  # comma-separated patterns of children to observe
        self.ignore = ignore
        self.debug = debug  # comma-separated categories of our own debug log
        self.breakpoints = breakpoints  # "" (stop), "report" or "ignore"
        self.waits = waits  # somebody looks: a stop waits for ever while the supervisor lives
        self.wait = wait  # seconds that a stop waits, whoever looks; "" for no such limit
        self.pm = pm  # park failures: "", "first", "all" or a number
        self.script = script  # debugger commands at each stop, separated by ";;"
        self.tcp = tcp  # breakpoints are genuine remote-pdb ports
        self.remote_pdb = remote_pdb  # path of remote_pdb.py; another venv has none
        self.signals = signals  # "STACKS,NUDGE": numbers instead of our own choice
        self.record = record  # of locks: "" (all), "owner" or "off"
        self.quit_key = quit_key  # Ctrl-\ asks for stacks: we are in front of a terminal

    def to_env(self) -> str:
        """Write as the value of the environment variable."""
        parts = []
        for name in self.__slots__:
            value = getattr(self, name)
            if name != "run" and value:
                text = "1" if value is True else str(value)
                for char, code in ESCAPES:
                    text = text.replace(char, code)
                parts.append(f"{name}={text}")
        return ";".join([*parts, f"dir={self.run}"])

    @classmethod
    def from_env(cls, text: str) -> Settings | None:
        """Read the environment variable; None if it is not one of ours.

        Unknown names are passed over: a newer mpdebug may have started this run.
        """
        head, found, run = text.partition("dir=")
        if not found or not run.startswith("/"):
            return None
        settings = cls(run)
        for part in head.split(";"):
            name, _, value = part.partition("=")
            if name in cls.__slots__ and name != "run":
                for char, code in reversed(ESCAPES):
                    value = value.replace(code, char)
                kind = type(getattr(settings, name))
                if kind is str:
                    setattr(settings, name, value)
                elif value.isdigit():
                    setattr(settings, name, kind(int(value)))
        return settings
