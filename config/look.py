"""How the admin looks (django-unfold): names, colours and the way through it."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy


def _link(title: str, icon: str, model: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{model}_changelist")}


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Bellwether",
    "SITE_HEADER": "Bellwether",
    "SITE_SUBHEADER": "Platform",
    "SITE_SYMBOL": "notifications_active",
    "SITE_URL": "/inbox/",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _: static("config/bell.svg")}],
    "STYLES": [lambda _: static("config/admin.css")],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "DASHBOARD_CALLBACK": "notifications.dashboard.views.front_page",
    # The accent of config/static/config/pages.css, in Unfold's steps.
    "COLORS": {
        "primary": {
            "50": "oklch(97% .02 255)",
            "100": "oklch(94% .04 255)",
            "200": "oklch(89% .07 255)",
            "300": "oklch(81% .11 255)",
            "400": "oklch(70% .15 256)",
            "500": "oklch(63% .17 257)",
            "600": "oklch(50% .18 258)",
            "700": "oklch(44% .17 258)",
            "800": "oklch(38% .14 259)",
            "900": "oklch(33% .11 260)",
            "950": "oklch(25% .08 261)",
        }
    },
    "SIDEBAR": {
        "show_search": True,
        "navigation": [
            {
                "title": "Watch",
                "items": [
                    {"title": "Dashboard", "icon": "monitor_heart", "link": reverse_lazy("admin:index")},
                    _link("Incidents", "emergency", "notifications_incident"),
                    _link("Maintenance", "construction", "notifications_maintenancewindow"),
                    _link("Monitor runs", "history", "notifications_monitorrun"),
                    _link("What checks said", "query_stats", "notifications_checkresult"),
                    _link("Thresholds changed", "rule", "notifications_thresholdchange"),
                ],
            },
            {
                "title": "People are told",
                "separator": True,
                "items": [
                    _link("Notifications", "notifications", "notifications_notification"),
                    _link("Announcements", "campaign", "notifications_announcement"),
                    _link("Deliveries", "outgoing_mail", "notifications_delivery"),
                    _link("Webhooks", "webhook", "notifications_webhookendpoint"),
                    _link("Templates", "edit_note", "notifications_notificationtemplate"),
                    _link("Settings", "tune", "notifications_notificationsettings"),
                ],
            },
            {
                "title": "What is sent",
                "separator": True,
                "items": [
                    _link("Messages", "sms", "sms_message"),
                    _link("Batches", "stacked_email", "sms_batch"),
                    _link("Receipts", "receipt_long", "sms_receipt"),
                    _link("Credits", "payments", "sms_creditaccount"),
                    _link("Ledger", "account_balance", "sms_creditentry"),
                    _link("Contacts", "contacts", "sms_contact"),
                    _link("Routes", "alt_route", "sms_route"),
                    _link("Providers", "cell_tower", "sms_providerstate"),
                ],
            },
            {
                "title": "Who",
                "separator": True,
                "items": [
                    _link("Tenants", "domain", "tenants_tenant"),
                    _link("Members", "groups", "tenants_membership"),
                    _link("People", "person", "accounts_user"),
                    _link("Sign-ins", "login", "accounts_signin"),
                ],
            },
        ],
    },
}
