"""Eight tests; the fifth fails."""

import logging
import multiprocessing
import time

import pytest

log = logging.getLogger("suite")
log.setLevel(logging.INFO)


def double(number):
    return 2 * number


@pytest.mark.parametrize("number", range(8))
def test_number(number):
    log.info("tested", extra={"number": number})
    time.sleep(0.1)  # so that both workers get some
    if number == 3:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            assert pool.apply(double, (3,)) == 6
    assert number != 5
