"""Five hundred timer signals whose handler logs, in the middle of a loop that logs."""
import logging
import signal

log = logging.getLogger("signals")
log.setLevel(logging.INFO)
fired = 0


def on_alarm(*_):
    global fired
    fired += 1
    log.info("from the handler")


signal.signal(signal.SIGALRM, on_alarm)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
looped = 0
while fired < 500:
    looped += 1
    log.info("from the loop")
signal.setitimer(signal.ITIMER_REAL, 0)
print(fired, looped)
