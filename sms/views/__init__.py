from sms.views.batches import BatchViewSet
from sms.views.messages import MessageViewSet

__all__ = ["BatchViewSet", "MessageViewSet"]
