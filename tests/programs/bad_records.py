"""Records that other tools lose: each must be kept, and the program must see no error."""
import logging
import threading

log = logging.getLogger("bad")
log.setLevel(logging.INFO)


class NoRepr:
    def __repr__(self):
        raise RuntimeError("no repr")


class NoStr:
    def __str__(self):
        raise RuntimeError("no str")


class TwoArguments(Exception):
    def __init__(self, a, b):
        super().__init__(f"{a} {b}")


cycle = []
cycle.append(cycle)
table = {"self": None}
table["self"] = table
log.info("lock", extra={"value": threading.Lock()})
log.info("lambda", extra={"value": lambda: 0})
log.info("cycle", extra={"value": cycle, "table": table})
log.info("surrogate \udcff", extra={"value": "\udcff\ud800"})
log.info("two\nlines\r\n\x1b[31mred", extra={"value": "a\nb"})
log.info("x" * 10_000_000)
log.info("no repr", extra={"value": NoRepr()})
log.info(NoStr())
log.info("wrong %d arguments %s", "x")
log.info("exception", extra={"value": TwoArguments(1, 2)})
log.info("numbers", extra={"value": [1, 1.5, float("nan"), float("inf"), 10**5000, True, None]})
log.info("keys", extra={"value": {1: "a", (2, 3): "b", None: "c"}})
log.info("deep", extra={"value": [[[[[[[[[[[[1]]]]]]]]]]]]})
log.info("wide", extra={"value": list(range(100_000))})
log.info("bytes", extra={"value": b"\x00\xff"})
try:
    raise TwoArguments("a", "b")
except TwoArguments:
    log.exception("raised")
log.info("last")
print("done")
