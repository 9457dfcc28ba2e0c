"""The web process's way in: `granian --interface wsgi config.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from config.demo import refuse_demo_sign_ins  # noqa: E402 (needs the apps)

refuse_demo_sign_ins()
