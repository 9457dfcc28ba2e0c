from django.urls import path
from rest_framework.routers import SimpleRouter

from notifications.views import (
    CreditTestView,
    NotificationViewSet,
    SettingsView,
    SystemViewSet,
    SystemWebhookViewSet,
    TemplateViewSet,
    WebhookViewSet,
)
from notifications.views.inbox import recent

router = SimpleRouter(use_regex_path=False)
router.register("system", SystemViewSet, basename="system")
router.register("system/webhooks", SystemWebhookViewSet, basename="system-webhook")
router.register("webhooks", WebhookViewSet, basename="webhook")
router.register("templates", TemplateViewSet, basename="template")
router.register("", NotificationViewSet, basename="notification")

# The poll has a short way of its own in front of its viewset.
urlpatterns = [
    path("recent/", recent, name="notification-recent"),
    path("settings/", SettingsView.as_view(), name="notification-settings"),
    path("sms-credit/test/", CreditTestView.as_view(), name="sms-credit-test"),
    *router.urls,
]
