"""The world's numbering plans, compiled once from the metadata of the phonenumbers library.

The library reads its tables anew for every number, and takes five times as long. The rules are the library's own;
a property test holds the two together over numbers of every plan.
"""

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, CountryCodeSource, PhoneMetadata
from phonenumbers.phonemetadata import PhoneNumberDesc

METADATA_VERSION: str = phonenumbers.__version__
#: ITU-T E.164, 6.1: country code and national number together.
MOST_DIGITS = 15
NORTH_AMERICA = 1
#: Kept free for films and examples, though a library may call them valid: 555-0100 to 555-0199 in every North American
#: area code (ATIS-0300115), and Ofcom's "telephone numbers for use in TV and radio drama programmes".
FICTIONAL = {
    NORTH_AMERICA: re.compile(r"[2-9]\d\d55501\d\d"),
    44: re.compile(r"(?:7700900|1632960|2079460|1(?:1[3-8]|[2-6]1)4960|1914980|2896496|2920180|3069990|8081570)\d{3}"),
}


class Kind(Enum):
    """What a national number is good for."""

    RECEIVES = "may receive a text message"
    CANNOT = "premium rate, shared cost or toll-free, which receives none"
    FICTIONAL = "kept free for films and examples"
    TOO_SHORT = "shorter than any number of its country"
    TOO_LONG = "longer than any number of its country"
    UNUSED = "of a possible length, but in no range that is in use"
    NOWHERE = "its calling code is no country's"


@dataclass(frozen=True)
class Reading:
    """Digits understood as a number: what it is in E.164, and whether that is one."""

    country_code: int
    national: str
    kind: Kind

    @property
    def e164(self) -> str:
        return f"+{self.country_code}{self.national}"

    @property
    def is_number(self) -> bool:
        """Whether there is such a number, able to receive or not."""
        return self.kind in (Kind.RECEIVES, Kind.CANNOT)


class Plan:
    """One region's rules, as patterns that each match a whole national number."""

    def __init__(self, country_code: int, region: str, found: PhoneMetadata) -> None:
        every = found.general_desc or PhoneNumberDesc()
        general = _whole([every])
        refused = [found.premium_rate, found.shared_cost]
        # Toll-free numbers in North America are enabled for texts like any other; elsewhere they take calls only.
        others = [found.toll_free] if country_code == NORTH_AMERICA else []
        refused += [] if others else [found.toll_free]
        others += [found.voip, found.personal_number, found.pager, found.uan, found.voicemail, found.fixed_line]
        self.region = region
        self.country_code = country_code
        self.leading = re.compile(found.leading_digits) if found.leading_digits else None
        self.general = re.compile(general)
        self.cannot = re.compile(rf"(?={general}\Z)(?:{_whole(refused)})")
        self.receives = re.compile(rf"(?={general}\Z)(?:{_whole([*others, found.mobile])})")
        self.lengths = every.possible_length
        self.local_lengths = every.possible_length_local_only
        self.longest = max(
            (length for desc in (found.fixed_line, found.mobile) if desc for length in desc.possible_length),
            default=max(self.lengths),
        )
        self.trunk = re.compile(found.national_prefix_for_parsing) if found.national_prefix_for_parsing else None
        self.international = re.compile(found.international_prefix) if found.international_prefix else None

    def kind(self, national: str) -> Kind | None:
        """None when this region has no such number."""
        if self.cannot.fullmatch(national):
            return Kind.CANNOT
        return Kind.RECEIVES if self.receives.fullmatch(national) else None

    @property
    def is_plain(self) -> bool:
        """Whether its trunk prefix is just taken off: a few carry more, which is left to the library."""
        return self.trunk is None or not self.trunk.groups

    def without_trunk(self, digits: str) -> str:
        """Takes a trunk prefix, such as the leading 0, off where the library would. Of plain plans only."""
        found = self.trunk.match(digits) if self.trunk else None
        if not found:
            return digits
        rest = digits[found.end() :]
        if self.general.fullmatch(digits) and not self.general.fullmatch(rest):
            return digits
        is_possible = len(rest) in self.lengths or len(rest) > max(self.lengths)
        return rest if is_possible else digits


def _whole(descriptions: Iterable[PhoneNumberDesc | None]) -> str:
    """One pattern for all of them. The lengths are part of each rule, and not of the library's patterns."""
    parts = [
        rf"(?={_of_length(one.possible_length)}\Z)(?:{one.national_number_pattern})"
        for one in descriptions
        if one is not None and one.national_number_pattern
    ]
    return rf"(?:{'|'.join(parts)})" if parts else r"(?!)"


def _of_length(lengths: Iterable[int]) -> str:
    return "(?:" + "|".join(f"[0-9]{{{length}}}" for length in lengths) + ")"


@functools.cache
def plan(country_code: int, region: str) -> Plan:
    """The numbering plan of a region, such as 255 and "TZ". Raises LookupError for one that nobody knows."""
    found = PhoneMetadata.metadata_for_region_or_calling_code(country_code, region)
    if found is None:
        raise LookupError(region)
    return Plan(country_code, region, found)


@functools.cache
def plan_of(region: str) -> Plan | None:
    """The plan of an ISO country; None where there is no such country."""
    country_code = phonenumbers.country_code_for_region(region)
    return plan(country_code, region) if country_code else None


def is_exact(digits: str) -> bool:
    """Whether `+` and these digits are E.164 as they are. No only means that somebody has to look closer."""
    country_code = _country_code(digits)
    if not country_code:
        return False
    national = digits[len(str(country_code)) :]
    main = plan(country_code, COUNTRY_CODE_TO_REGION_CODE[country_code][0])
    # With a trunk prefix in it a number may be one with it and another one without. No plan has such a number today,
    # and plans change.
    if main.trunk and main.trunk.match(national):
        return False
    return _kind(country_code, national) is Kind.RECEIVES


def international(digits: str) -> Reading:
    """Reads what stands behind a plus or an international prefix."""
    country_code = _country_code(digits)
    if not country_code:
        return Reading(0, digits, Kind.NOWHERE)
    national = digits[len(str(country_code)) :]
    main = plan(country_code, COUNTRY_CODE_TO_REGION_CODE[country_code][0])
    if main.is_plain:
        return _reading(main, main.without_trunk(national))
    return _reading(main, _by_library(f"+{digits}", None) or national)


def national(digits: str, home: Plan) -> Reading:
    """Reads digits as somebody at home dials them, with or without the trunk prefix."""
    if home.is_plain:
        return _reading(home, home.without_trunk(digits))
    return _reading(home, _by_library(digits, home.region) or digits)


def _by_library(text: str, region: str | None) -> str | None:
    """The national number; None where the library takes it for none, or for one with a country code after all."""
    try:
        number = phonenumbers.parse(text, region, keep_raw_input=True)
    except phonenumbers.NumberParseException:
        return None
    if region is not None and number.country_code_source != CountryCodeSource.FROM_DEFAULT_COUNTRY:
        return None
    return phonenumbers.national_significant_number(number)


def _country_code(digits: str) -> int:
    """0 where no country has it. No calling code begins another."""
    for length in (1, 2, 3):
        code = int(digits[:length] or 0)
        if digits[:1] != "0" and code in COUNTRY_CODE_TO_REGION_CODE:
            return code
    return 0


def _reading(home: Plan, national: str) -> Reading:
    return Reading(home.country_code, national, _kind(home.country_code, national) or _why_not(home, national))


def _kind(country_code: int, national: str) -> Kind | None:
    if len(str(country_code)) + len(national) > MOST_DIGITS:
        return Kind.TOO_LONG
    fictional = FICTIONAL.get(country_code)
    if fictional and fictional.fullmatch(national):
        return Kind.FICTIONAL
    for region in COUNTRY_CODE_TO_REGION_CODE[country_code]:
        here = plan(country_code, region)
        if here.leading:
            if here.leading.match(national):
                return here.kind(national)
        elif found := here.kind(national):
            return found
    return None


def _why_not(home: Plan, national: str) -> Kind:
    if home.is_plain and home.trunk and (found := home.trunk.match(national)):
        national = national[found.end() :]  # 075412345 lacks a digit, and does not begin with a 0
    if len(national) in home.local_lengths or len(national) < min(home.lengths):
        return Kind.TOO_SHORT
    return Kind.TOO_LONG if len(national) > max(home.lengths) else Kind.UNUSED
