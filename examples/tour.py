"""A tour: a small photo service, two of whose processes come to grief.

    python -m mpdebug examples/tour.py

It ends by itself after about two seconds, with exit status 0. Run it plainly to see what you
usually get to know about such a program.
"""

import logging
import multiprocessing
import os
import signal
import sys
import time

try:
    import structlog
except ImportError:  # without it the keys travel in the `extra=` of the standard library
    structlog = None

logging.getLogger().setLevel(logging.INFO)


def logger(name):
    """A structlog logger on top of the standard library's, or one that looks alike."""
    below = logging.getLogger(name)
    if structlog is None:
        return Keys(below)
    return structlog.wrap_logger(below, processors=[structlog.stdlib.render_to_log_kwargs])


class Keys:
    """The standard library's logger, with keys."""

    def __init__(self, below):
        self.below = below

    def info(self, event, **keys):
        """Log an event with its keys."""
        self.below.info(event, extra=keys)


def receive(photos, ready):
    """The process `intake` (fork): hands photos on as they come in."""
    log = logger("photo")
    ready.wait()
    for number in range(1, 4):
        log.info("received", photo=f"{number}.jpg", kb=1200 * number)
        photos.put(number)
        time.sleep(0.1)
    photos.put(None)


def index(ready):
    """The process `index` (spawn): has a bug with photos that carry no date."""
    log = logging.getLogger("photo")
    ready.wait()
    log.info("indexing %s", "1.jpg", extra={"taken": 2024})
    time.sleep(0.2)
    photo = {"name": "2.jpg", "taken": None}
    try:
        year = photo["taken"].split("-")[0]
        log.info("indexed", extra={"year": year})
    except AttributeError as error:
        raise ValueError(f"no date in {photo['name']}") from error


def greet(ready):
    """The process `mailer` (forkserver): one mail, and a normal end."""
    ready.wait()
    logging.getLogger("photo").info("sent", extra={"to": "ann", "photos": 3})


def shrink(number):
    """A task for the pool; the third photo is more than the machine's memory can take."""
    log = logger("photo")
    log.info("shrinking", photo=f"{number}.jpg")
    time.sleep(0.1)
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def start(method, name, target, *args):
    """Start a named process by the start method."""
    process = multiprocessing.get_context(method).Process(target=target, name=name, args=args)
    process.start()
    return process


def main():
    """Start them all, wait for those that come back."""
    everyone = multiprocessing.get_context("spawn")
    ready, photos = everyone.Event(), everyone.Queue()
    processes = [
        start("fork", "intake", receive, photos, ready),
        start("spawn", "index", index, ready),
        start("forkserver", "mailer", greet, ready),
    ]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        time.sleep(0.5)  # let the spawned ones arrive, so that the story has one beginning
        ready.set()
        small = [pool.apply_async(shrink, (number,)) for number in iter(photos.get, None)]
        done = 0
        for each in small:
            try:
                each.get(timeout=0.8)
                done += 1
            except multiprocessing.TimeoutError:
                logging.getLogger("photo").error("gave up on a photo")
    for process in processes:
        process.join()
    print(f"{done} of {len(small)} photos are small now")


if __name__ == "__main__":
    sys.exit(main())
