"""The simulated carrier: as healthy as it is told to be, and never off this machine."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
import time_machine
from django.core.management import CommandError, call_command
from pytest_django import Settings
from uuid_utils.compat import uuid7

from sms.providers import simulator
from sms.providers.base import Outbound, Permanent, RateLimited, Temporary, Uncertain
from sms.providers.simulator import PROFILES, Simulator, counters, memory, set_profile
from sms.services import sweep
from sms.tests.helpers import make_message
from sms.tests.simulating import SOME, Wait, due, fates, found, hand_over, outbound
from tenants.models import Tenant

# --- Health ------------------------------------------------------------------------------------------------------


def test_a_healthy_carrier_delivers_nearly_everything(store: "redis.Redis") -> None:
    words = Counter(fates(store, of=SOME).values())
    assert words.total() == SOME
    assert 0.95 * SOME < words["DELIVRD"] < SOME


def test_a_degraded_carrier_delivers_about_a_quarter(store: "redis.Redis") -> None:
    set_profile("degraded")
    words = Counter(fates(store, of=SOME).values())
    assert words.total() == SOME
    assert 0.18 * SOME < words["DELIVRD"] < 0.32 * SOME
    assert set(words) == {"DELIVRD", "UNDELIV", "REJECTD"}


def test_a_carrier_in_outage_takes_nothing_and_says_so(store: "redis.Redis") -> None:
    set_profile("outage")
    for index in range(20):
        with pytest.raises(Temporary) as refused:
            Simulator().submit(outbound(index))
        assert refused.value.reason == "gateway_unreachable"
    assert counters() == {"accepted": 0, "duplicates": 0}
    assert store.zcard("simulator:due") == 0


def test_a_carrier_in_outage_is_unreachable_until_it_is_over() -> None:
    Simulator().check_reachable()
    set_profile("outage")
    with pytest.raises(Temporary):
        Simulator().check_reachable()
    set_profile("healthy")
    Simulator().check_reachable()


def test_a_profile_that_does_not_exist_is_refused_and_changes_nothing() -> None:
    set_profile("degraded")
    with pytest.raises(KeyError):
        set_profile("splendid")
    assert simulator.profile_name() == "degraded"


def test_the_same_seed_deals_the_same_fates(store: "redis.Redis", settings: Settings) -> None:
    set_profile("degraded")
    dealt = []
    for seed in (7, 7, 8):
        store.delete("simulator:accepted", "simulator:due")
        settings.SIMULATOR_SEED = seed
        dealt.append(fates(store, of=40))
    assert dealt[0] == dealt[1]
    assert dealt[0] != dealt[2]


def test_a_message_is_under_way_before_its_end_is_reported(store: "redis.Redis") -> None:
    with time_machine.travel("2027-01-02T10:00:00Z", tick=False):
        now = time.time()
        name = Simulator().submit(outbound())
    reported = due(store)
    assert [(item["id"], item["status"]) for item, _ in reported] == [(name, "ENROUTE"), (name, "DELIVRD")]
    first, last = (at - now for _, at in reported)
    assert 0.3 <= last <= 1.5
    assert first == pytest.approx(last / 3, abs=0.01)


def test_a_slow_carrier_answers_late_and_delivers_later(store: "redis.Redis") -> None:
    set_profile("slow")
    started, now = time.monotonic(), time.time()
    Simulator().submit(outbound())
    assert time.monotonic() - started >= 0.1
    [_, (last, at)] = due(store)
    assert last["status"] in {"DELIVRD", "UNDELIV", "REJECTD"}
    assert 20 <= at - now <= 61


def test_a_throttled_carrier_takes_a_few_a_second_and_says_how_long_to_wait(wait: Wait) -> None:
    set_profile("throttled")
    wait(0, tick=False)
    outcomes: list[object] = []
    for _ in range(2):
        for index in range(8):
            try:
                Simulator().submit(outbound(index))
                outcomes.append("taken")
            except RateLimited as refused:
                outcomes.append((refused.reason, refused.wait))
        wait(1, tick=False)
    assert outcomes == (["taken"] * 5 + [("throttled", 1.0)] * 3) * 2
    assert counters() == {"accepted": 10, "duplicates": 0}


def says(call: Callable[[], object]) -> str:
    try:
        call()
    except Temporary as refused:
        return refused.reason
    return "well"


def test_a_flapping_carrier_is_there_and_away_by_turns(time_machine: time_machine.TimeMachineFixture) -> None:
    set_profile("flapping")
    turns = []
    for second in range(0, 80, 10):
        time_machine.move_to(1_800_000_000 + second, tick=False)
        turns.append((says(Simulator().check_reachable), says(lambda: Simulator().submit(outbound()))))
    up, down = [("well", "well")] * 2, [("gateway_unreachable", "gateway_unreachable")] * 2
    assert turns in ([*up, *down] * 2, [*down, *up] * 2)
    assert counters()["accepted"] == 4


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_a_profile_can_be_taken_on_and_left_while_it_runs(name: str) -> None:
    set_profile(name)
    assert simulator.profile_name() == name
    set_profile("healthy")
    assert Simulator().submit(outbound())


# --- What it takes -----------------------------------------------------------------------------------------------


def test_a_taken_message_is_found_by_our_reference_and_any_other_is_surely_not_there() -> None:
    message = outbound()
    name = Simulator().submit(message)
    assert found(message) == name
    assert found(outbound()) is None


def test_a_message_handed_over_twice_is_counted() -> None:
    message = outbound()
    first = Simulator().submit(message)
    assert Simulator().submit(message) != first
    assert counters() == {"accepted": 2, "duplicates": 1}
    assert found(message) == first


def test_what_it_took_is_counted_exactly_when_everybody_comes_at_once() -> None:
    shared = [outbound(index) for index in range(25)]
    with ThreadPoolExecutor(8) as pool:
        all_of_them = [[*shared, outbound(100 + index)] for index in range(8)]
        names = list(pool.map(lambda some: [Simulator().submit(one) for one in some], all_of_them))
    assert len({name for some in names for name in some}) == 8 * 26
    assert counters() == {"accepted": 8 * 26, "duplicates": 7 * 25}
    for one in shared:
        assert found(one) in {name for some in names for name in some}


def test_a_submission_is_one_round_trip(sent_to_redis: list[Any]) -> None:
    Simulator().submit(outbound())  # the script is known from here on
    sent_to_redis.clear()
    for index in range(10):
        Simulator().submit(outbound(index))
    assert len(sent_to_redis) == 10  # the profile too is read inside of the script
    assert all(b"EVALSHA" in b"".join(command) for command in sent_to_redis)


def test_a_memory_that_does_not_know_the_script_is_told_it(monkeypatch: pytest.MonkeyPatch) -> None:
    Simulator().submit(outbound())
    monkeypatch.setattr(memory, "SHA", "0" * 40)  # of a script that nobody told it; flushing is seen by other tests
    assert Simulator().submit(outbound())
    assert counters() == {"accepted": 2, "duplicates": 0}


def test_a_recipient_that_is_not_e164_is_refused_for_good() -> None:
    with pytest.raises(Permanent) as refused:
        Simulator().submit(Outbound(uuid7(), "0754123456", "Acme", "Hello"))
    assert refused.value.reason == "invalid_number"
    assert counters()["accepted"] == 0


def test_a_carrier_whose_memory_is_away_refuses_for_now(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    memory.client.cache_clear()
    try:
        for call in (lambda: Simulator().submit(outbound()), Simulator().check_reachable):
            with pytest.raises(Temporary):
                call()
        with pytest.raises(Temporary):
            found(outbound())
    finally:
        memory.client().close()
        memory.client.cache_clear()


def test_a_carrier_that_breaks_off_while_it_takes_a_message_may_have_it(store: "redis.Redis") -> None:
    store.set("simulator:due", "not a sorted set")  # so that its last step fails, after it noted the message
    message = outbound()
    with pytest.raises(Uncertain):
        Simulator().submit(message)
    assert found(message) is not None


@pytest.mark.django_db
@pytest.mark.usefixtures("platform")
def test_a_message_that_the_carrier_broke_off_at_does_not_go_out_twice(
    store: "redis.Redis", tenant: Tenant, other_tenant: Tenant
) -> None:
    store.set("simulator:due", "not a sorted set")
    messages = [make_message(one, batch_id=None) for one in (tenant, other_tenant)]
    assert hand_over(*messages) == ["unknown", "unknown"]
    store.delete("simulator:due")
    sweep()
    assert hand_over(*messages) == ["submitted", "submitted"]
    assert counters() == {"accepted": 2, "duplicates": 0}


# --- The command -------------------------------------------------------------------------------------------------


def test_the_command_changes_the_carriers_health(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("simulator", "profile", "outage")
    assert capsys.readouterr().out == "The simulated carrier is now outage: the gateway refuses every connection.\n"
    assert simulator.profile_name() == "outage"


def test_in_the_demo_the_command_says_that_the_story_goes_on(
    capsys: pytest.CaptureFixture[str], settings: Settings
) -> None:
    settings.DEMO = True
    call_command("simulator", "profile", "outage")
    assert "DEMO_STORY" in capsys.readouterr().out


def test_the_command_refuses_an_unknown_profile() -> None:
    with pytest.raises(CommandError, match="invalid choice: 'splendid'"):
        call_command("simulator", "profile", "splendid")
    assert simulator.profile_name() == "healthy"


def test_the_command_says_what_the_carrier_did(capsys: pytest.CaptureFixture[str]) -> None:
    message = outbound()
    Simulator().submit(message)
    Simulator().submit(message)
    call_command("simulator", "status")
    assert capsys.readouterr().out.splitlines() == [
        "Profile            healthy: nearly every message arrives within two seconds",
        "Messages taken     2",
        "Handed over twice  1",
        "Receipts to post   4",
    ]


def test_the_command_lists_the_magic_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("simulator", "numbers")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(simulator.MAGIC)
    assert "+255750000100  delivered" in lines
