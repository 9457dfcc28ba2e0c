"""What a batch would become and cost, before anything is spent."""

from collections import Counter
from itertools import islice
from typing import Any
from uuid import UUID

from sms.models import CreditAccount
from sms.segments import Segmentation, foreign_characters, in_gsm, segment
from sms.services.composing import Draft
from sms.services.queueing import Addressee, opted_out

#: Lists in a preview are cut after so many; their totals are not.
SHOWN = 100


def preview(draft: Draft, *, tenant_id: UUID) -> dict[str, Any]:
    """Reads only. `sample` is the longest of the texts: what is said of single characters is said of it."""
    left_out = opted_out((one.number for one in draft.addressees), tenant_id=tenant_id)
    chosen = [one for one in draft.addressees if one.number not in left_out]
    lengths = {text: segment(text) for text in {one.text for one in chosen}}
    needed = sum(lengths[one.text].segments for one in chosen)
    rejected = [{"index": index, "reason": reason} for index, reason in islice(draft.rejected.items(), SHOWN)]
    return {
        "recipients": len(draft.addressees) + len(draft.rejected) + draft.duplicates + draft.without_number,
        "accepted": len(chosen),
        "rejected": rejected,
        "rejected_count": len(draft.rejected),
        "duplicates": draft.duplicates,
        "opted_out": len(left_out),
        "without_number": draft.without_number,
        "segments": needed,
        **_texts(chosen, lengths),
        **_credits(tenant_id, needed),
    }


def _texts(chosen: list[Addressee], lengths: dict[str, Segmentation]) -> dict[str, Any]:
    """How the texts are encoded and cut, and what makes the longest of them Unicode."""
    if not chosen:
        return {"encoding": None, "segments_per_message": 0, "by_length": [], "sample": None}
    counted = Counter(lengths[one.text] for one in chosen)
    by_length = [
        {"encoding": kind.encoding, "segments": kind.segments, "messages": count}
        for kind, count in sorted(counted.items(), key=lambda item: (item[0].encoding, item[0].segments))
    ]
    longest = max(chosen, key=lambda one: (lengths[one.text].encoding == "UCS-2", lengths[one.text].segments))
    return {
        "encoding": lengths[longest.text].encoding,
        "segments_per_message": max(kind.segments for kind in counted),
        "by_length": by_length,
        "sample": {"to": longest.number, "text": longest.text, **_unicode(longest.text)},
    }


def _unicode(text: str) -> dict[str, Any]:
    foreign = list(foreign_characters(text))
    plain = in_gsm(text) if foreign else None
    shown = [
        {
            "position": one.position,
            "character": one.character,
            "code_point": f"U+{ord(one.character):04X}",
            "name": one.name,
            "replacement": one.replacement,
        }
        for one in foreign[:SHOWN]
    ]
    return {
        "unicode": shown,
        "unicode_count": len(foreign),
        "suggestion": None if plain is None else {"text": plain, "segments": segment(plain).segments},
    }


def _credits(tenant_id: UUID, needed: int) -> dict[str, Any]:
    account = CreditAccount.objects.filter(tenant_id=tenant_id).first()
    unlimited = account is not None and account.is_unlimited
    available = account.available if account else 0
    return {
        "credits": 0 if unlimited else needed,
        "available": available,
        "is_unlimited": unlimited,
        "is_enough": unlimited or available >= needed,
    }
