from django.contrib import admin
from django.urls import include, path

from accounts.pages import SignInView, SignOutView
from config import pages, reference
from notifications.pages import inbox_page, status_page
from notifications.views import metrics
from notifications.views.unsubscribe import unsubscribe

urlpatterns = [
    # First, as it is asked for more than all the rest.
    path("api/notifications/", include("notifications.urls")),
    path("", pages.home, name="home"),
    path("sign-in/", SignInView.as_view(), name="sign-in"),
    path("sign-out/", SignOutView.as_view(), name="sign-out"),
    path("inbox/", inbox_page, name="inbox"),
    path("status/", status_page, name="status"),
    path("unsubscribe/<str:token>/", unsubscribe, name="unsubscribe"),
    path("admin/", admin.site.urls),
    path("healthz", pages.healthz, name="healthz"),
    path("readyz", pages.readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("api/schema/", reference.SchemaView.as_view(), name="schema"),
    path("api/docs/", reference.DocsView.as_view(), name="docs"),
    path("api/auth/", include("accounts.urls")),
    path("api/tenants/", include("tenants.urls")),
    path("api/sms/", include("sms.urls")),
]

handler400 = "config.exceptions.bad_request"
handler403 = "config.exceptions.permission_denied"
handler404 = "config.exceptions.not_found"
handler500 = "config.exceptions.server_error"
