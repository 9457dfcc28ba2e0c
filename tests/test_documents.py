"""What the documents show runs as it is written: every snippet and the examples, against a `make up` over HTTP."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.house import ROOT, House
from tests.snippets import differences, run_bash, run_js, run_python, snippets

DOCS = ROOT / "docs"
PAGES = (DOCS / "api.md", DOCS / "admin.md", DOCS / "stream.md", DOCS / "preferences.md")
#: Enough for an announcement that workers have to tell.
MANY_PEOPLE = """
from accounts.models import User
User.objects.bulk_create((User(email=f"person{number}@example.com") for number in range(600)), ignore_conflicts=True)
"""


#: All of this comes from a few people within a minute.
NO_LIMITS = dict.fromkeys(("READS_PER_MINUTE", "WRITES_PER_MINUTE", "ANONYMOUS_CALLS_PER_MINUTE"), "0")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    # All of this comes from one address, much of it within a minute.
    one = House(
        tmp_path / "data", DEMO_STORY="healthy:600", SIGN_IN_ATTEMPTS_PER_MINUTE_AND_ADDRESS="1000", **NO_LIMITS
    )
    try:
        one.start()
        yield one
    finally:
        one.end()


# One house for all of it: starting one takes longer than most of what runs in it.
def test_every_snippet_and_every_example_runs_as_it_is_written(
    house: House, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    for page in PAGES:
        with subtests.test(page.name, language="bash"):
            bash = [one for one in snippets(page) if one.language == "bash"]
            run_bash(bash, address=house.url, home=tmp_path)
        with subtests.test(page.name, language="js"):
            if js := [one for one in snippets(page) if one.language == "js"]:
                run_js(js, node=node(), address=house.url)
        with subtests.test(page.name, language="python"):
            run_python([one for one in snippets(page) if one.language == "python"], address=house.url)
    with subtests.test("monitoring.md"):
        bash = [one for one in snippets(DOCS / "monitoring.md") if one.language == "bash"]
        run_bash(bash, address=house.url, home=tmp_path, environment=house.environment_of_processes())
    with subtests.test("README.md"):
        play_the_readme(house)
    for turn in ("at first", "again"):
        for name in ("front_end.py", "admin.py", "problems.py"):
            with subtests.test(name, turn=turn):
                play(name, house)
        house.run("manage.py", "shell", "-v", "0", "-c", MANY_PEOPLE).check_returncode()


def node() -> str:
    """The gate (.ci/run) installs it; elsewhere its absence is said, and no fault of who only runs the tests."""
    found = shutil.which("node", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/bin", "/usr/bin"]))
    return found or pytest.skip("NOT RUN: the js snippets of the documents, because there is no node.")


def play_the_readme(house: House) -> None:
    """Its commands for another terminal, which stand indented there."""
    text = (ROOT / "README.md").read_text()
    (with_curl,) = re.findall(r"^    TOKEN=.*\n(?:^    .*\n)*", text, re.MULTILINE)
    script = "set -euo pipefail\n" + textwrap.dedent(with_curl).replace("localhost:8000", house.url)
    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith('{"success":true,"notifications":[')


def play(name: str, house: House) -> None:
    command = [sys.executable, str(DOCS / "examples" / name), house.url]
    played = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert played.returncode == 0, played.stdout + played.stderr
    assert re.fullmatch(r"\d+ rows, all as the contract says\.", played.stdout.splitlines()[-1])


# --- The comparison itself ---------------------------------------------------------------------------------------


def test_every_block_of_the_pages_is_run_or_compared() -> None:
    for page in PAGES:
        assert {one.language for one in snippets(page)} <= {"bash", "js", "python"}, page.name
        assert page.read_text().count("```") == 2 * sum(2 if one.shown_as else 1 for one in snippets(page))


@pytest.mark.parametrize(
    ("real", "shown"),
    [
        ({"a": 1}, {"a": 1, "b": 1}),
        ({"a": 1, "b": 1}, {"a": 1}),
        ({"a": 1}, {"b": 1, "...": "..."}),
        ({"a": True}, {"a": 1}),
        ({"a": "1"}, {"a": 1}),
        ({"a": [{"b": 1}, {"c": 1}]}, {"a": [{"b": 1}]}),
        ([1], {"a": 1}),
    ],
)
def test_the_comparison_sees_a_difference(real: Any, shown: Any) -> None:
    assert differences(real, shown)
