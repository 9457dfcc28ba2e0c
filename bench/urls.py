from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.authentication import JWTStatelessUserAuthentication

from config.urls import urlpatterns as product


class Floor(APIView):
    """The least that a signed-in API call can be: a verified token and an empty object."""

    authentication_classes = [JWTStatelessUserAuthentication]
    throttle_classes = []

    def get(self, request: Request) -> Response:
        return Response({})

    def post(self, request: Request) -> Response:
        return Response({})


@csrf_exempt
def empty(request: HttpRequest) -> HttpResponse:
    """The least that any call can be, as a carrier's webhook is one: our middleware and nothing behind it."""
    return HttpResponse()


urlpatterns = [path("bench/floor/", Floor.as_view()), path("bench/empty/", empty), *product]
