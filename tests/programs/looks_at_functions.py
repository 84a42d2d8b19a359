"""What a program sees that looks at functions of `os`: as arguments, types and text."""
import copy
import inspect
import os
import pickle
import pydoc
import types
import typing


def ask(question, function):
    try:
        return question(function)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


QUESTIONS = (
    inspect.getfullargspec,
    inspect.signature,
    inspect.isroutine,
    inspect.isbuiltin,
    typing.get_type_hints,
    pydoc.render_doc,
    repr,
    lambda f: isinstance(f, types.BuiltinFunctionType),
    lambda f: pickle.loads(pickle.dumps(f)) is f,
    lambda f: pickle.loads(pickle.dumps(f, 0)) is f,
    lambda f: copy.copy(f) is copy.deepcopy(f) is f,
    lambda f: (f.__name__, f.__qualname__, f.__module__, f.__doc__, f.__self__),
    lambda f: type("Holder", (), {"f": f})().f.__name__,
)
for name in ("kill", "fork", "_exit", "close", "execve", "setuid", "posix_spawn", "waitpid"):
    for number, question in enumerate(QUESTIONS):
        print(name, number, ask(question, getattr(os, name)))
