"""As the peer's README says."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("inbox/notifications/", include("notifications.urls", namespace="notifications")),
]
