from rest_framework.routers import SimpleRouter

from notifications.views import NotificationViewSet, SystemViewSet

router = SimpleRouter(use_regex_path=False)
router.register("system", SystemViewSet, basename="system")
router.register("", NotificationViewSet, basename="notification")

urlpatterns = router.urls
