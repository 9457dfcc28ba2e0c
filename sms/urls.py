from django.urls import path
from rest_framework.routers import SimpleRouter

from sms import views, webhooks

router = SimpleRouter(use_regex_path=False)
router.register("messages", views.MessageViewSet, basename="message")
router.register("batches", views.BatchViewSet, basename="batch")
router.register("contacts", views.ContactViewSet, basename="contact")
router.register("groups", views.GroupViewSet, basename="contact-group")
router.register("templates", views.MessageTemplateViewSet, basename="message-template")

urlpatterns = [
    path("receipts/<slug:provider>/", webhooks.ReceiptsView.as_view(), name="receipts"),
    path("contacts/import/", views.ContactImportView.as_view(), name="contacts-import"),
    path("contacts/export.csv", views.ContactExportView.as_view(), name="contacts-export"),
    path("balance/", views.BalanceView.as_view(), name="balance"),
    path("ledger/", views.LedgerView.as_view(), name="ledger"),
    path("ledger/statement.csv", views.StatementView.as_view(), name="statement"),
    path("statistics/", views.StatisticsView.as_view(), name="sms-statistics"),
    path("top-ups/", views.TopUpView.as_view(), name="top-ups"),
    *router.urls,
]
