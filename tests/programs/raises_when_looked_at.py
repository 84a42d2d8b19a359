"""A stop among objects that raise whenever somebody looks at them: EXCEPTION."""
import builtins
import sys

kind = getattr(builtins, sys.argv[1])


class Meta(type):
    def __repr__(cls):
        raise kind("repr of the class")


class Raises(metaclass=Meta):
    def _raise(self, *_):
        raise kind("looked at")

    __repr__ = __dir__ = __eq__ = __hash__ = __bool__ = __len__ = _raise
    __getattr__ = keys = _raise
    attribute = property(_raise)


def looks(bad, table):
    breakpoint()
    return len(table)


there = Raises()
print(looks(there, {"bad": there}))
