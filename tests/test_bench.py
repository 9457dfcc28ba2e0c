"""The bench itself: what it says must be what was measured, and what was not measured must not look as if it was."""

import contextlib
import itertools
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import psutil
import pytest
from pytest_django import Settings

from bench import __main__ as bench
from bench import delivery, load, measures, peer_server, results
from bench.measure import Bound, Found, Measure
from bench.run import run
from bench.settings import BOUNDLESS, boundless
from bench.stage import Stage
from bench.turns import in_turns, ratios

ROOT = Path(__file__).resolve().parent.parent


class Fast(Measure):
    name = "fast"
    bounds = (Bound("fast_enough", ">=", 2, "this / that"), Bound("fast_growth", "<=", 1.2, "small / large"))

    def run(self, stage: Stage, keys: Collection[str]) -> Mapping[str, Found]:
        return {"fast_enough": Found([1.0, 3.0, 50.0]), "fast_growth": Found([1.3], "10 and 20 rows")}


class Broken(Measure):
    name = "broken"
    bounds = (Bound("broken_one", ">=", 1, "what never comes"),)

    def run(self, stage: Stage, keys: Collection[str]) -> Mapping[str, Found]:
        raise ZeroDivisionError("nobody answered")


class Forgetful(Measure):
    name = "forgetful"
    bounds = (Bound("forgotten", "<=", 1, "left out"),)

    def run(self, stage: Stage, keys: Collection[str]) -> Mapping[str, Found]:
        return {}


ALL = (Broken, Fast, Forgetful)


def run_all(words: list[str] | None = None) -> list[results.Result]:
    chosen = measures.choose(words or [], ALL)
    handed_over: list[results.Result] = []
    found = run(chosen, Stage(), empty=lambda: None, done=handed_over.extend)
    assert handed_over == found
    return found


def test_the_median_of_the_repeats_is_held_against_the_bound() -> None:
    enough, growth = run_all(["fast"])
    assert (enough.value, enough.ok) == (3.0, True)
    assert (growth.value, growth.ok) == (1.3, False)


def test_a_bound_holds_at_its_limit() -> None:
    assert Bound("k", ">=", 5, "").holds(5)
    assert Bound("k", "<=", 5, "").holds(5)
    assert not Bound("k", ">=", 5, "").holds(float("nan"))


def test_what_was_not_measured_is_not_ok_and_says_why() -> None:
    broken, *_, forgotten = run_all()
    assert (broken.value, broken.ok) == (None, False)
    assert "not measured: ZeroDivisionError: nobody answered" in broken.detail
    assert (forgotten.value, forgotten.ok) == (None, False)


def test_one_broken_measure_does_not_take_the_others_with_it() -> None:
    assert [one.bound.key for one in run_all() if one.value is not None] == ["fast_enough", "fast_growth"]


def test_the_table_has_a_line_a_key() -> None:
    _, broken, enough, growth, _ = results.table(run_all()).splitlines()
    assert re.match(r"broken_one +- +- +- +>= 1 +NOT MEASURED +what never comes", broken)
    assert re.match(r"fast_enough +3\.00 +2\.00 +26\.50 +>= 2 +ok +this / that", enough)
    assert re.match(r"fast_growth +1\.30 +1\.30 +1\.30 +<= 1\.2 +FAILS +small / large \(10 and 20 rows\)", growth)


def test_results_are_written_in_their_shape(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    results.merge(run_all(), known=measures.keys(ALL), file=file)
    written = json.loads(file.read_text())
    enough = written["fast_enough"]
    assert {name: enough[name] for name in ("value", "bound", "ok", "detail", "relation", "repeats")} == {
        "value": 3.0,
        "bound": 2,
        "ok": True,
        "detail": "this / that",
        "relation": ">=",
        "repeats": [1.0, 3.0, 50.0],
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", enough["measured_at"])
    assert (written["broken_one"]["value"], written["broken_one"]["ok"]) == (None, False)


def test_a_run_of_some_keys_leaves_the_others_and_drops_those_that_are_no_more(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    file.write_text('{"forgotten": {"value": 7}, "fast_growth": {"value": 9}, "long_gone": {"value": 8}}')
    results.merge(run_all(["fast_growth"]), known=measures.keys(ALL), file=file)
    written = json.loads(file.read_text())
    assert sorted(written) == ["fast_growth", "forgotten"]
    assert (written["forgotten"]["value"], written["fast_growth"]["value"]) == (7, 1.3)


def test_a_broken_results_file_is_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    file.write_text('{"fast_gro')
    results.merge(run_all(["fast"]), known=measures.keys(ALL), file=file)
    assert sorted(json.loads(file.read_text())) == ["fast_enough", "fast_growth"]


def test_a_word_picks_a_measure_or_a_key() -> None:
    assert measures.choose(["fast_growth", "broken"], ALL) == [(Broken, ["broken_one"]), (Fast, ["fast_growth"])]
    assert measures.choose([], ALL) == [(one, [bound.key for bound in one.bounds]) for one in ALL]


def test_every_key_is_there_once() -> None:
    keys = measures.keys()
    assert len(keys) == len(set(keys))
    assert set(keys).isdisjoint(measure.name for measure in measures.MEASURES)


@pytest.mark.parametrize(
    ("found", "code"), [([Found([2.0])], 0), ([Found([2.0]), Found([1.9])], 1), ([Found(note="no network")], 1)]
)
def test_the_exit_code_says_whether_every_bound_holds(found: list[Found], code: int) -> None:
    assert bench.exit_code([results.Result(Bound("k", ">=", 2, ""), one) for one in found]) == code


def test_an_unknown_name_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["pol"]) == 2
    assert "poll_vs_peer" in capsys.readouterr().err


def test_only_what_a_measure_needs_runs_beside_it() -> None:
    seen: list[str] = []

    def fixture(name: str) -> Any:
        @contextlib.contextmanager
        def running() -> Iterator[str]:
            seen.append(f"{name} starts")
            yield name
            seen.append(f"{name} ends")

        return running

    web, worker = fixture("web"), fixture("worker")
    with Stage() as stage:
        stage.prepare([web, worker])
        assert stage.use(worker) == "worker"
        stage.prepare([web])
        seen.append("the second measure")
    assert seen == ["web starts", "worker starts", "worker ends", "the second measure", "web ends"]


@pytest.mark.django_db(transaction=True)
def test_a_measure_that_calls_our_functions_itself_still_can(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At its smallest. The others ask over HTTP, whose shapes are tested anyway."""
    settings.EMAIL_IS_SET, settings.STORM_LIMIT = False, 1  # so that what it sets is put back afterwards
    monkeypatch.setattr(delivery, "TURNS", 1)
    monkeypatch.setattr(delivery, "BATCHES", 1)
    assert len(delivery.Delivering().run(Stage(), ["delivery_rate"])["delivery_rate"].values) == 1


def test_ways_are_called_in_turns_and_the_first_turn_only_warms_up() -> None:
    calls: list[str] = []
    numbers = itertools.count()

    def way(name: str) -> float:
        calls.append(name)
        return next(numbers)

    found = in_turns({"ours": lambda: way("ours"), "theirs": lambda: way("theirs")}, turns=2)
    assert calls == ["ours", "theirs"] * 3
    assert found == {"ours": [2, 4], "theirs": [3, 5]}
    assert ratios([6, 8], [3, 2]) == [2, 4]


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(404 if self.path == "/none" else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    Thread(target=server.serve_forever, args=[0.01]).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_a_round_ends_when_there_is_nothing_more_to_ask(port: int) -> None:
    asked = itertools.count()
    raw = load.request("/")

    def prepare(client: int, turn: int) -> load.Request | None:
        return (raw, b"200") if next(asked) < 100 else None

    assert load.per_second(port, prepare, seconds=600) > 0
    assert next(asked) >= 100


def test_a_reply_of_another_status_is_no_result(port: int) -> None:
    with pytest.raises(AssertionError, match="Expected 200, got HTTP"):
        load.per_second(port, load.around([(load.request("/none"), b"200")]), seconds=600)


def test_a_client_that_fails_fails_the_round(port: int) -> None:
    with pytest.raises(ConnectionRefusedError):
        load.per_second(1, load.around([(load.request("/"), b"200")]), seconds=600)


def test_the_peer_has_our_server_and_driver() -> None:
    theirs = peer_server.REQUIREMENTS.read_text().splitlines()
    ours = (ROOT / "requirements.txt").read_text().splitlines()
    for package in ("granian==", "psycopg2-binary=="):
        assert [line for line in theirs if line.startswith(package)] == [x for x in ours if x.startswith(package)]


def test_a_peer_that_cannot_be_installed_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(peer_server.Unavailable, match="No matching distribution found"):
        peer_server.interpreter(Stage(), tmp_path / "venv")
    assert not (tmp_path / "venv" / "made-from.txt").exists()


def test_no_limit_on_callers_is_reached_on_the_bench() -> None:
    assert boundless("POLLS_PER_MINUTE", 240) == BOUNDLESS
    assert boundless("REST_FRAMEWORK", {"DEFAULT_THROTTLE_RATES": {"user": "10/min"}, "NUM_PROXIES": 0}) == {
        "DEFAULT_THROTTLE_RATES": {"user": f"{BOUNDLESS}/min"},
        "NUM_PROXIES": 0,
    }
    assert boundless("RETENTION_DAYS", 30) == 30


def _left_behind(folder: Path) -> list[psutil.Process]:
    def is_ours(process: psutil.Process) -> bool:
        try:
            return process.environ().get("TMPDIR") == str(folder)
        except psutil.Error:
            return False

    return [process for process in psutil.process_iter() if is_ours(process)]


def test_stopping_it_leaves_no_process_and_no_folder(tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "bench", "poll_unchanged"]
    running = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    for line in running.stdout:
        if "users sign in" in line:  # Postgres, Valkey and the web server run by now
            assert len(_left_behind(tmp_path)) > 4
            running.send_signal(signal.SIGINT)
            break
    running.communicate(timeout=200)
    assert running.returncode == 130
    assert _left_behind(tmp_path) == []
    assert list(tmp_path.iterdir()) == []
