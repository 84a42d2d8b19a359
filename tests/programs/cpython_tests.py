"""CPython's tests of multiprocessing for one start method: METHOD [TEST ID ...].

Prints one line a test on stdout, "=outcome id", and what unittest says on stderr.
"""

import sys
import unittest

from test import _test_multiprocessing

# A spawned child imports this file again, without these arguments.
METHOD = sys.argv[1] if len(sys.argv) > 1 else "fork"
_test_multiprocessing.install_tests_in_module_dict(globals(), METHOD)

# Uses threads only, and on a loaded machine it waits 300 s for a notice that was overtaken.
if "WithThreadsTestPool" in globals():
    WithThreadsTestPool.test_terminate = unittest.skip("threads only")(lambda self: None)


class Outcomes(unittest.TextTestResult):
    """Keeps the outcome of each test."""

    def startTest(self, test):
        super().startTest(test)
        self.kept = getattr(self, "kept", {})
        self.kept[test.id()] = "ok"

    def addError(self, test, err):
        super().addError(test, err)
        self.kept[test.id()] = "error"

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.kept[test.id()] = "failed"

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.kept[test.id()] = "skipped"

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.kept[test.id()] = "expected"

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.kept[test.id()] = "failed"


if __name__ == "__main__":
    names = [name.removeprefix("__main__.") for name in sys.argv[2:]]
    done = unittest.main(
        argv=["cpython", *names], exit=False,
        testRunner=unittest.TextTestRunner(verbosity=2, resultclass=Outcomes),
    )
    for name, outcome in sorted(done.result.kept.items()):
        print(f"={outcome} {name}")
    print(f"=end {done.result.testsRun}")
