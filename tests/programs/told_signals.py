"""Says each signal that reaches it, with its sender, until SIGTERM comes a second time.

Arguments: a FIFO to say it to; `group` to lead a process group of its own.
"""

import os
import signal
import sys

out = open(sys.argv[1], "w", buffering=1)
if "group" in sys.argv:
    os.setpgid(0, 0)
numbers = {
    signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1,
    signal.SIGUSR2, signal.SIGALRM, signal.SIGCONT, signal.SIGWINCH, signal.SIGRTMIN + 1,
}
signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
print(f"ready {os.getpid()}", file=out)
terms = 0
while terms < 2:
    info = signal.sigwaitinfo(numbers)
    print(signal.Signals(info.si_signo).name if info.si_signo < 34 else info.si_signo, file=out)
    terms += info.si_signo == signal.SIGTERM
