"""Every word for a failure has its meaning and an advice, wherever it is written."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import sms
from sms.providers import calling, twilio
from sms.providers.http import PROFILES
from sms.providers.simulator.numbers import MAGIC
from sms.providers.simulator.profiles import FAILURES
from sms.reasons import REASONS, describe

ROOM = Path(sms.__file__).parent
#: What is called with a reason first.
ERRORS = {"Permanent", "Temporary", "RateLimited", "Uncertain"}
#: The services' own helpers, and the argument that is a reason.
HELPERS = {"_end": 2, "_expire_where": 1}
NAMES = {"reason", "failure_reason"}


def written(tree: ast.AST) -> Iterator[str]:
    """The reasons that stand in the code itself."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        found = [word.value for word in call.keywords if word.arg in NAMES]
        place = 0 if name in ERRORS else HELPERS.get(name)
        if place is not None:
            found += call.args[place : place + 1]
        for value in found:
            yield from branches(value)


def branches(value: ast.expr) -> Iterator[str]:
    """The texts that an expression can come out as."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from branches(value.body)
        yield from branches(value.orelse)
    elif isinstance(value, ast.BoolOp):
        for one in value.values:
            yield from branches(one)


def in_the_code() -> set[str]:
    files = [*(ROOM / "services").rglob("*.py"), *(ROOM / "providers").rglob("*.py")]
    return {word for file in files for word in written(ast.parse(file.read_text()))}


def in_the_tables() -> set[str]:
    words = {reason for _, reason in [*twilio.REFUSALS.values(), *calling.BY_STATUS.values()]}
    words |= set(twilio.REASONS.values()) | {error for _, error in FAILURES}
    for profile in PROFILES.values():
        words |= {reason for _, reason in profile.refusals.values()} | set(profile.receipts.reasons.values())
    for magic in MAGIC.values():
        words |= {magic.reason, *(error for _, _, error in magic.receipts)}
    return words


def test_the_search_finds_what_the_services_and_the_providers_write() -> None:
    found = in_the_code()
    assert {"unknown_provider", "no_receipt_in_time", "validity_passed", "cancelled_by_sender", "opted_out"} <= found
    assert {"gateway_unreachable", "gateway_broke_off", "gateway_not_answering", "throttled"} <= found


def test_every_reason_that_can_be_written_is_explained() -> None:
    assert (in_the_code() | in_the_tables()) - {""} - REASONS.keys() == set()


def test_no_reason_is_explained_that_nobody_writes() -> None:
    assert REASONS.keys() - in_the_code() - in_the_tables() == set()


@pytest.mark.parametrize("word", REASONS)
def test_a_reason_fits_where_it_is_stored_and_is_explained_in_sentences(word: str) -> None:
    assert word.isidentifier()
    assert len(word) <= 60
    for text in describe(word):
        assert text[0].isupper()
        assert text.endswith(".")


def test_no_reason_has_nothing_to_say() -> None:
    assert describe("") == ("", "")


def test_a_word_of_a_carrier_that_we_do_not_know_is_passed_on() -> None:
    meaning, advice = describe("Phase of the moon")
    assert "Phase of the moon" in meaning
    assert advice
