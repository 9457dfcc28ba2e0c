"""The web process's way in: `granian --interface wsgi config.wsgi:application`."""

import os

import django

from config.handler import Utf8Handler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)
application = Utf8Handler()

from django.conf import settings  # noqa: E402 (what follows needs the apps)

from config.demo import refuse_demo_sign_ins  # noqa: E402
from config.silence import give_up_on_silence  # noqa: E402

give_up_on_silence(settings.DATABASE_SILENCE)
refuse_demo_sign_ins()
