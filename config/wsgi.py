"""The web process's way in: `granian --interface wsgi config.wsgi:application`."""

import os

import django

from config.handler import Utf8Handler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)
application = Utf8Handler()

from config.demo import refuse_demo_sign_ins  # noqa: E402 (needs the apps)
from config.silence import free_whoever_waits  # noqa: E402

free_whoever_waits()
refuse_demo_sign_ins()
