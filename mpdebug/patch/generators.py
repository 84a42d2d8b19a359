"""Random generators that are there before a fork: each child goes on from the same state.

Told in a forked child when it first draws from one, with the state it then has; a child that
seeds it anew tells nothing. Until then the generator has attributes of its own in the place of
its methods, in that child only. numpy's global generator the same; generators that numpy's
classes make are in C and cannot be watched.
"""

from __future__ import annotations

import sys
from _weakref import ref

from mpdebug.agent import guard, process
from mpdebug.patch import registry
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

MOST = 20
"""Generators that are watched; a program that makes thousands seeds each by purpose."""

DRAWS = ("random", "getrandbits")
SEEDS = ("seed", "setstate")
NUMPY = "numpy.random.mtrand"
NUMPY_DRAWS = (
    "bytes", "choice", "integers", "normal", "permutation", "rand", "randint", "randn",
    "random", "random_integers", "random_sample", "ranf", "sample",
    "shuffle", "standard_normal",
    "uniform", "exponential", "poisson", "binomial", "beta", "gamma",
)  # fmt: skip
NUMPY_SEEDS = ("seed", "set_state")

made: list[tuple[ref[Any], str, bool]] = []
"""(generator, where it was made, whether with a seed)."""


def patch(module: ModuleType) -> None:
    """Note the generators that the program makes from now on (`random`)."""
    if not process.records_waits():
        return
    registry.wrap(module.Random, "__init__", _init)
    if look not in process.on_fork:
        process.on_fork.append(look)


def _init(original: Any) -> Any:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807 - takes its place
        try:
            original(self, *args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        if len(made) < MOST:
            with guard.quiet:
                seeded = (
                    bool(args or kwargs) and (args or tuple(kwargs.values()))[0] is not None
                )
                maker = sys._getframe(1)  # noqa: SLF001
                where = guard.where()
                if guard.is_ours_or_stdlib(maker.f_code.co_filename):
                    return  # tempfile's: it makes another one after a fork
                if where and type(self).__name__ != "SystemRandom":
                    made.append((ref(self), where, seeded))

    return __init__


def look() -> None:
    """In a forked child: wait for each of them to be used."""
    if process.here is None:
        return
    for one, where, seeded in made:
        generator = one()
        if generator is not None:
            said = {"what": type(generator).__name__, "made": where, "seeded": seeded}
            _watch(generator, DRAWS, SEEDS, generator.getstate, said)
    numpy: Any = sys.modules.get(NUMPY)
    if numpy is not None:
        said = {"what": "numpy.random", "made": "", "seeded": False}
        package = sys.modules["numpy.random"]
        _watch(package, NUMPY_DRAWS, NUMPY_SEEDS, numpy._rand.get_state, said)  # noqa: SLF001


def _watch(owner: Any, draws: Any, seeds: Any, state: Any, said: dict[str, Any]) -> None:
    """Put ours in the place of its methods until one of them is called."""
    own = owner.__dict__
    before: dict[str, Any] = {}

    def put_back() -> None:
        for name, value in before.items():
            if value is registry.MISSING:
                own.pop(name, None)
            else:
                own[name] = value
        before.clear()

    def stand_in(name: str, *, draws: bool) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            with guard.quiet:
                if draws and before:
                    tell(state(), said)
                put_back()
            try:
                return getattr(owner, name)(*args, **kwargs)
            except BaseException as error:
                guard.drop_frame(error)
                raise

        return call

    for name in (*draws, *seeds):
        if hasattr(owner, name):
            before[name] = own.get(name, registry.MISSING)
            own[name] = stand_in(name, draws=name in draws)


def tell(state: Any, said: dict[str, Any]) -> None:
    """The first use in this child."""
    here = process.here
    if here is not None:
        number = hash(_plain(state))  # of forked children all have the same seed of hashes
        here.event(layout.EV_RANDOM, **said, state=number, where=guard.where(2))


def _plain(state: Any) -> Any:
    """The state of numpy's has an array in it, which has no hash."""
    return tuple(part.tobytes() if hasattr(part, "tobytes") else part for part in state)
