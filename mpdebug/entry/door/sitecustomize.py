"""The door: the first thing that runs in every Python below `python -m mpdebug`.

This folder is first on PYTHONPATH, so `site` imports this file. It takes itself off sys.path,
lets the agent in, and then runs the sitecustomize that would have run without us. Where there
is none it ends with the very error that `site` expects when no sitecustomize exists, so
that none is left in sys.modules. It must parse on any Python, and an old one walks past.
"""

import gc
import marshal
import os
import sys


def _come_in():
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [p for p in sys.path if os.path.abspath(p or os.curdir) != here]
    sys.path_importer_cache.pop(here, None)
    if sys.version_info[:2] < (3, 11) or sys.implementation.name != "cpython":
        return
    if "MPDEBUG_RUN" not in os.environ or os.environ.get("MPDEBUG_DISABLE", "0") not in (
        "",
        "0",
    ):
        return
    collects = gc.isenabled()
    gc.disable()  # none of this is garbage, and to look through it takes as long
    try:
        package = os.path.dirname(os.path.dirname(here))
        if "mpdebug" not in sys.modules and not _Bundle.use(package):
            load(package)
        from mpdebug.entry import boot

        boot.enter()
    except Exception:
        if os.environ.get("MPDEBUG_RUN", "").find("debug=") >= 0:
            sys.excepthook(*sys.exc_info())
    finally:
        if collects:
            gc.enable()


def load(package):
    """Make `mpdebug` importable by its place: it need not be installed in this interpreter."""
    import _frozen_importlib as importlib
    import _frozen_importlib_external as external

    spec = external.spec_from_file_location(
        "mpdebug",
        os.path.join(package, "__init__.py"),
        submodule_search_locations=[package],
    )
    importlib._load(spec)


class _Bundle:
    """Loads our modules from the one file of their byte code; see `rundir/bundle.py`.

    What is not in there, or cannot be read any more, is left to the finders behind this one.
    """

    def __init__(self, path):
        self.path = path
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            found = os.fstat(fd)
            if found.st_uid != os.geteuid() or found.st_mode & 0o022:
                raise OSError("anybody may have written it")
            size = int.from_bytes(os.pread(fd, 8, 0), "little")
            self.package, self.index, self.start = marshal.loads(os.pread(fd, size, 8))
            self.begin = 8 + size
            if sys.orig_argv[-1:] == ["--multiprocessing-fork"]:  # a child of spawn
                self.start += self._code(fd, "worker")
        finally:
            os.close(fd)

    @classmethod
    def use(cls, package):
        """Load our modules from there if there is one for this very package and Python.

        Not in an isolated Python, which distrusts the environment that names the folder.
        """
        from _frozen_importlib_external import MAGIC_NUMBER

        if sys.flags.ignore_environment:
            return False
        run = os.environ["MPDEBUG_RUN"].partition("dir=")[2]
        name = "code.{}.{}".format(MAGIC_NUMBER.hex(), sys.flags.optimize)
        try:
            found = cls(os.path.join(run, name))
        except (OSError, EOFError, ValueError, TypeError):
            return False
        if found.package != package:
            return False
        sys.meta_path.insert(0, found)
        found.load(found.start)
        del found.start
        return True

    def load(self, group):
        """Load many modules, without asking the import system for each.

        A module stands behind those that it imports. `__future__` itself does nothing, and to
        read it takes as long as ten of ours.
        """
        modules = sys.modules
        future = type(sys)("__future__")
        future.annotations = None
        stands_in = modules.setdefault("__future__", future) is future
        name = ""
        try:
            for name, is_package, code in group:
                if name not in modules:  # else one before it should stand behind it
                    self._load_one(name, is_package, code)
        except BaseException:
            modules.pop(name, None)
            raise
        finally:
            if stands_in:
                del modules["__future__"]

    def _load_one(self, name, is_package, code):
        module = type(sys)(name)
        module.__spec__ = spec = self._spec(name, is_package)
        module.__loader__ = self
        module.__package__ = spec.parent
        if is_package:
            module.__path__ = spec.submodule_search_locations
        sys.modules[name] = module
        self._run(code, module)
        above, _, own = name.rpartition(".")
        if above:
            setattr(sys.modules[above], own, module)

    def find_spec(self, name, path=None, target=None):
        """The spec of one of our modules."""
        if not name.startswith("mpdebug.") or name not in self.index:
            return None
        spec = self._spec(name, False)
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                spec.loader_state = self._code(fd, name)
            finally:
                os.close(fd)
        except (OSError, EOFError, ValueError, TypeError):
            del self.index[name]
            return None
        return spec

    def create_module(self, spec):
        """A plain module."""

    def exec_module(self, module):
        """Run its code."""
        code = module.__spec__.loader_state
        module.__spec__.loader_state = None
        self._run(code, module)

    def _code(self, fd, name):
        offset, size = self.index[name]
        return marshal.loads(os.pread(fd, size, self.begin + offset))

    def _spec(self, name, is_package):
        from _frozen_importlib import ModuleSpec

        place = self.package + name[len("mpdebug") :].replace(".", "/")
        file = place + ("/__init__.py" if is_package else ".py")
        spec = ModuleSpec(name, self, origin=file, is_package=is_package)
        if is_package:
            spec.submodule_search_locations.append(place)
        return spec

    @staticmethod
    def _run(code, module):
        module.__file__ = module.__spec__.origin
        exec(code, module.__dict__)


def _next_one():
    """Run the sitecustomize that this file stands before, under its own name."""
    import _frozen_importlib as importlib
    import _frozen_importlib_external as external

    spec = external.PathFinder.find_spec("sitecustomize")
    if spec is None or spec.loader is None:
        raise ImportError("No module named 'sitecustomize'", name="sitecustomize")
    module = importlib.module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


_come_in()
if sys.version_info[:2] >= (3, 11):
    _next_one()
else:
    sys.modules.pop("sitecustomize", None)
    import sitecustomize  # noqa: F401
