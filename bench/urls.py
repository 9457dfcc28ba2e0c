from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.authentication import JWTStatelessUserAuthentication

from config.urls import urlpatterns as product


class Floor(APIView):
    """The least that a signed-in API call can be: a verified token and an empty object."""

    authentication_classes = [JWTStatelessUserAuthentication]

    def get(self, request: Request) -> Response:
        return Response({})


urlpatterns = [path("bench/floor/", Floor.as_view()), *product]
