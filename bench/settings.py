"""The product's own settings, with a floor to measure against."""

from config.settings import *  # noqa: F403 (Django reads settings from one module)

ROOT_URLCONF = "bench.urls"
POLLS_PER_MINUTE = 10**9
POLLS_PER_SECOND = 10**9
