"""All descriptors are in use before the first record comes."""
import logging
import os
import resource

resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
log = logging.getLogger("full")
taken = []
try:
    while True:
        taken.append(os.open("/dev/null", os.O_RDONLY))
except OSError as error:
    print(error.errno)
log.warning("none left")
for fd in taken:
    os.close(fd)
log.warning("some left")
