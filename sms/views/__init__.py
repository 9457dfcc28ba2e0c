from sms.views.batches import BatchViewSet
from sms.views.contacts import ContactExportView, ContactImportView, ContactViewSet
from sms.views.credits import BalanceView, LedgerView, StatementView, StatisticsView, TopUpView
from sms.views.groups import GroupViewSet
from sms.views.messages import MessageViewSet
from sms.views.templates import MessageTemplateViewSet

__all__ = [
    "BalanceView",
    "BatchViewSet",
    "ContactExportView",
    "ContactImportView",
    "ContactViewSet",
    "GroupViewSet",
    "LedgerView",
    "MessageTemplateViewSet",
    "MessageViewSet",
    "StatementView",
    "StatisticsView",
    "TopUpView",
]
