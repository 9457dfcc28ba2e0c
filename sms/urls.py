from django.urls import path
from rest_framework.routers import SimpleRouter

from sms import views, webhooks

router = SimpleRouter(use_regex_path=False)
router.register("messages", views.MessageViewSet, basename="message")
router.register("batches", views.BatchViewSet, basename="batch")

urlpatterns = [
    path("receipts/<slug:provider>/", webhooks.ReceiptsView.as_view(), name="receipts"),
    *router.urls,
]
