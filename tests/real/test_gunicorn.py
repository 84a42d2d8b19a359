"""gunicorn with two sync workers: serves under us as without us, and stops at SIGTERM."""

from __future__ import annotations

import http.client
import re
import signal
from typing import TYPE_CHECKING

import pytest

from tests.harness import PROGRAMS
from tests.real.needs import need

if TYPE_CHECKING:
    from tests.harness import Command, Finished

pytestmark = pytest.mark.real

SERVER = ("-m", "gunicorn", "--workers", "2", "--bind", "127.0.0.1:0", "real_gunicorn:app")
REQUESTS = 50


def serve(command: Command, *options: str) -> tuple[list[str], Finished]:
    """Start the server, ask it fifty times, send SIGTERM; the answers and how it ended."""
    server = command.start(*options, *SERVER, cwd=PROGRAMS)
    said = server.wait_for("Booting worker", times=2)
    found = re.search(r"http://127\.0\.0\.1:(\d+)", said)
    assert found
    answers = []
    for number in range(REQUESTS):
        connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=10)
        connection.request("GET", f"/{number}")
        answers.append(connection.getresponse().read().decode())
        connection.close()
    server.signal(signal.SIGTERM)
    return answers, server.finish()


def test_two_workers_answer_and_stop(plain: Command, mpdebug: Command) -> None:
    """Fifty answers, status 0 after SIGTERM to our pid, one record for each request."""
    need("gunicorn")
    expected, plainly = serve(plain)
    answers, ours = serve(mpdebug, "--keep")
    assert answers == expected == [f"you asked for /{number}" for number in range(REQUESTS)]
    assert (ours.stdout, ours.status) == (plainly.stdout, plainly.status) == (b"", 0)
    asked = [record for record in ours.records if record["event"] == "request"]
    assert sorted(record["keys"]["number"] for record in asked) == list(range(REQUESTS))
    assert [r for r in asked if r["pid"] != r["keys"]["pid"]] == []
    assert len([each for each in ours.run.processes if each.observed]) >= 3
