from django.urls import path

from tenants import views

urlpatterns = [
    path("", views.MyTenantsView.as_view(), name="my-tenants"),
    path("switch/", views.SwitchView.as_view(), name="switch-tenant"),
    path("<uuid:tenant_id>/members/", views.MembersView.as_view(), name="tenant-members"),
]
