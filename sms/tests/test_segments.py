import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sms.segments import GSM, GSM_BASIC, GSM_EXTENSION, LOOKALIKES, Segmentation, foreign_characters, in_gsm, segment


@pytest.mark.parametrize(
    ("text", "encoding", "segments"),
    [
        ("", "GSM-7", 1),
        ("a" * 160, "GSM-7", 1),
        ("a" * 161, "GSM-7", 2),
        ("a" * 306, "GSM-7", 2),  # 2 x 153
        ("a" * 307, "GSM-7", 3),
        ("a" * 459, "GSM-7", 3),
        ("a" * 460, "GSM-7", 4),
        ("ж" * 70, "UCS-2", 1),
        ("ж" * 71, "UCS-2", 2),
        ("ж" * 134, "UCS-2", 2),  # 2 x 67
        ("ж" * 135, "UCS-2", 3),
    ],
)
def test_a_text_is_cut_where_the_standard_cuts_it(text: str, encoding: str, segments: int) -> None:
    assert segment(text) == Segmentation(encoding, segments)


def test_an_extension_character_takes_two_septets() -> None:
    assert segment("€" * 80).segments == 1
    assert segment("€" * 80 + "a").segments == 2
    assert segment("a" * 158 + "€").segments == 1
    assert segment("a" * 159 + "€").segments == 2


def test_an_escape_pair_is_never_split_over_two_parts() -> None:
    # 152 septets leave room for one, the pair needs two and opens the second part: 2 + 151 fill it, one more does not
    assert segment("a" * 152 + "€" + "a" * 151).segments == 2
    assert segment("a" * 152 + "€" + "a" * 152).segments == 3
    assert segment("€" * 153).segments == 3  # 76 a part, not 76.5


def test_a_surrogate_pair_counts_as_two_units() -> None:
    assert segment("😀" * 35) == Segmentation("UCS-2", 1)
    assert segment("😀" * 35 + "a") == Segmentation("UCS-2", 2)


def test_a_surrogate_pair_is_never_split_over_two_parts() -> None:
    assert segment("ж" * 66 + "😀" + "ж" * 65).segments == 2
    assert segment("ж" * 66 + "😀" + "ж" * 66).segments == 3
    assert segment("😀" * 67).segments == 3  # 33 a part, not 33.5


def test_one_character_outside_of_gsm_7_makes_the_whole_text_ucs_2() -> None:
    assert segment("a" * 160) == Segmentation("GSM-7", 1)
    assert segment("a" * 159 + "ç") == Segmentation("UCS-2", 3)  # the alphabet has Ç, not ç


def test_an_extension_character_is_one_unit_in_ucs_2() -> None:
    assert segment("€" * 69 + "ж") == Segmentation("UCS-2", 1)


def test_the_basic_alphabet_has_the_127_characters_of_ts_23_038() -> None:
    assert len(GSM_BASIC) == 127  # and the escape


def test_a_text_of_both_gsm_tables_stays_gsm_7() -> None:
    assert segment("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà^{}\\[~]|€\f") == Segmentation("GSM-7", 1)


def test_a_character_of_neither_table_makes_a_text_ucs_2() -> None:
    for character in "áíóúçêâ“…`\t\u00a0\u0303Ж中😀":
        assert segment(character) == Segmentation("UCS-2", 1), character


def _utf_16_parts(text: str) -> int:
    """The same on the bytes that go over the air: 134 a part, 132 where that would cut a surrogate pair."""
    data = text.encode("utf-16-be")
    if len(data) <= 140:
        return 1
    parts = 0
    while data:
        end = 134
        if len(data) > end and 0xD8 <= data[end - 2] <= 0xDB:
            end -= 2
        data, parts = data[end:], parts + 1
    return parts


@hypothesis_settings(deadline=None, max_examples=80, database=None)
@given(st.lists(st.sampled_from("aж€😀"), min_size=50, max_size=150).map("".join))
def test_ucs_2_parts_are_what_cutting_the_encoded_bytes_gives(text: str) -> None:
    text = "ж" + text
    assert segment(text).segments == _utf_16_parts(text)


def _gsm_parts(text: str) -> int:
    """The same on the septets that go over the air: 153 a part, 152 where that would cut an escape off."""
    septets = "".join("\x1b." if character in GSM_EXTENSION else "." for character in text)
    if len(septets) <= 160:
        return 1
    parts = 0
    while septets:
        end = 152 if len(septets) > 153 and septets[152] == "\x1b" else 153
        septets, parts = septets[end:], parts + 1
    return parts


@hypothesis_settings(deadline=None, max_examples=80, database=None)
@given(st.lists(st.sampled_from("a@€[\n"), min_size=60, max_size=500).map("".join))
def test_gsm_7_parts_are_what_cutting_the_septets_gives(text: str) -> None:
    assert segment(text).segments == _gsm_parts(text)


# --- What forces Unicode -----------------------------------------------------------------------------------------


def test_a_foreign_character_is_named_with_its_place() -> None:
    found = [
        (one.position, one.character, one.name, one.replacement) for one in foreign_characters("a\u2026\U0001f600")
    ]
    assert found == [(1, "\u2026", "HORIZONTAL ELLIPSIS", "..."), (2, "\U0001f600", "GRINNING FACE", None)]


def test_a_character_without_a_name_is_called_by_its_number() -> None:
    assert [one.name for one in foreign_characters("\x85")] == ["U+0085"]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("\u2018a\u2019 \u201cb\u201d", "'a' \"b\""),
        ("1\u20132\u2014\u22123", "1-2--3"),
        ("a\u00a0b\tc\u200b", "a b c"),
        ("\uff21\ufb01\u2122", "AfiTM"),
        ("\u00e7\u00e1\u0142", "cal"),
        ("e\u0301", "\u00e9"),  # composed, the alphabet has it
        ("a\u0301", "a"),
        ("\u0436", None),
        ("10\u00b2", None),  # not 102
        ("\u0663", None),
        ("a\U0001f600", None),
    ],
)
def test_what_may_stand_there_instead(text: str, plain: str | None) -> None:
    assert in_gsm(text) == plain


def test_every_replacement_is_of_the_alphabet() -> None:
    assert not LOOKALIKES.keys() & GSM
    assert all(GSM.issuperset(plain) for plain in LOOKALIKES.values())


@hypothesis_settings(deadline=None, max_examples=200, database=None)
@given(st.text(max_size=50))
def test_a_text_is_gsm_7_exactly_when_nothing_is_foreign(text: str) -> None:
    foreign = list(foreign_characters(text))
    assert (segment(text).encoding == "GSM-7") == (not foreign)
    assert all(one.replacement is None or GSM.issuperset(one.replacement) for one in foreign)
    assert (plain := in_gsm(text)) is None or segment(plain).encoding == "GSM-7"
