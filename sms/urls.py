from django.urls import path

from sms import views, webhooks

urlpatterns = [
    path("messages/", views.MessagesView.as_view(), name="messages"),
    path("messages/<uuid:message_id>/", views.MessageView.as_view(), name="message"),
    path("receipts/<slug:provider>/", webhooks.ReceiptsView.as_view(), name="receipts"),
]
