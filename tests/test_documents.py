"""What the documents show runs as it is written: the examples, and every snippet, against a `make up` over HTTP."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import ROOT, House

EXAMPLES = ROOT / "docs" / "examples"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    # All of this comes from one address, much of it within a minute.
    one = House(tmp_path / "data", DEMO_STORY="healthy:600", SIGN_IN_ATTEMPTS_PER_MINUTE_AND_ADDRESS="1000")
    try:
        one.start()
        yield one
    finally:
        one.end()


# One house for all of it: starting one takes longer than most of what runs in it.
def test_every_example_and_every_snippet_runs_as_it_is_written(house: House, subtests: pytest.Subtests) -> None:
    for turn in ("at first", "again"):
        for name in ("front_end.py", "admin.py"):
            with subtests.test(name, turn=turn):
                play(name, house)
        house.run("manage.py", "shell", "-v", "0", "-c", MANY_PEOPLE).check_returncode()


#: Enough for an announcement that workers have to tell.
MANY_PEOPLE = """
from accounts.models import User
User.objects.bulk_create((User(email=f"person{number}@example.com") for number in range(600)), ignore_conflicts=True)
"""


def play(name: str, house: House) -> None:
    command = [sys.executable, str(EXAMPLES / name), house.url]
    played = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert played.returncode == 0, played.stdout + played.stderr
    verdict = played.stdout.splitlines()[-1]
    assert re.fullmatch(r"\d+ rows, all as the contract says\.", verdict)
