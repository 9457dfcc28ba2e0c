from django.urls import path
from rest_framework.routers import SimpleRouter

from notifications.views import (
    CreditTestView,
    HistoryViewSet,
    IncidentViewSet,
    MaintenanceViewSet,
    NotificationViewSet,
    PlatformDefaultsView,
    PreferencesView,
    SettingsView,
    SnoozeView,
    StreamView,
    SystemViewSet,
    SystemWebhookViewSet,
    TemplateViewSet,
    TenantDefaultsView,
    ThresholdViewSet,
    TicketView,
    WebhookViewSet,
)
from notifications.views.inbox import recent

router = SimpleRouter(use_regex_path=False)
router.register("system/incidents", IncidentViewSet, basename="incident")
router.register("system/maintenance", MaintenanceViewSet, basename="maintenance")
router.register("system", SystemViewSet, basename="system")
router.register("system", HistoryViewSet, basename="history")
router.register("system/thresholds", ThresholdViewSet, basename="threshold")
router.register("system/webhooks", SystemWebhookViewSet, basename="system-webhook")
router.register("webhooks", WebhookViewSet, basename="webhook")
router.register("templates", TemplateViewSet, basename="template")
router.register("", NotificationViewSet, basename="notification")

# The poll has a short way of its own in front of its viewset.
urlpatterns = [
    path("recent/", recent, name="notification-recent"),
    path("stream/", StreamView.as_view(), name="notification-stream"),
    path("stream/ticket/", TicketView.as_view(), name="notification-stream-ticket"),
    path("settings/", SettingsView.as_view(), name="notification-settings"),
    path("preferences/", PreferencesView.as_view(), name="notification-preferences"),
    path("preferences/snooze/", SnoozeView.as_view(), name="notification-snooze"),
    path("preferences/tenant/", TenantDefaultsView.as_view(), name="tenant-notification-defaults"),
    path("preferences/platform/", PlatformDefaultsView.as_view(), name="platform-notification-defaults"),
    path("sms-credit/test/", CreditTestView.as_view(), name="sms-credit-test"),
    *router.urls,
]
