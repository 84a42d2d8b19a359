"""A time-out by an exception out of a signal handler, which strikes in the middle of logging."""
import logging
import signal

log = logging.getLogger("timeouts")
log.setLevel(logging.INFO)


class TooSlow(TimeoutError):  # an OSError, as those of the kernel are
    pass


def on_alarm(*_):
    raise TooSlow


signal.signal(signal.SIGALRM, on_alarm)
caught = 0
for _ in range(60):
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.003)
        while True:
            log.info("x", extra={"a": [1, 2, 3], "b": {"c": 1}})
    except TooSlow:
        caught += 1
print(caught)
