"""The product's own settings, with floors to measure against, and limits on callers that nobody reaches.

The limits are raised and not taken away, so that what it costs to look at them is measured too.
"""

import re
from datetime import timedelta
from typing import Any

from config.settings import *  # noqa: F403 (Django reads settings from one module)
from config.settings import SIMPLE_JWT

ROOT_URLCONF = "bench.urls"
SIMPLE_JWT = SIMPLE_JWT | {"ACCESS_TOKEN_LIFETIME": timedelta(days=1)}
BOUNDLESS = 10**9


def boundless(name: str, value: Any) -> Any:
    """The same setting with every limit on calls in it raised: numbers so named, and rates as DRF writes them."""
    if isinstance(value, dict):
        return {key: boundless(str(key), inner) for key, inner in value.items()}
    if isinstance(value, str):
        return re.sub(r"^\d+(?=/[smhd])", str(BOUNDLESS), value)
    if isinstance(value, int) and re.search(r"_PER_(SECOND|MINUTE|HOUR|DAY)", name, re.IGNORECASE):
        return BOUNDLESS
    return value


globals().update({name: boundless(name, value) for name, value in dict(globals()).items() if name.isupper()})
