"""A Ctrl-C strikes while a forked child is being received: the child must end of it."""
import multiprocessing
import sys
import time

agent = sys.modules.get("mpdebug.agent.process")
if agent is not None:
    enable = agent.faults.enable

    def strike(path):
        agent.faults.enable = enable
        raise KeyboardInterrupt

    agent.faults.enable = strike


def work():
    if agent is None:
        raise KeyboardInterrupt
    time.sleep(60)


if __name__ == "__main__":
    process = multiprocessing.get_context("fork").Process(target=work, name="w")
    process.start()
    process.join()
    print(process.exitcode)
