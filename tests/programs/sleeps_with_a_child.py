"""Sleeps for ever, and so does its child."""

import os
import time

os.fork()
time.sleep(3600)
