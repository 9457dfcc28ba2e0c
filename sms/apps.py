from django.apps import AppConfig


class SmsConfig(AppConfig):
    name = "sms"
    verbose_name = "SMS"

    def ready(self) -> None:
        from sms.providers import http  # noqa: F401, PLC0415 (registers its check; needs the models)
