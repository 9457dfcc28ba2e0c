"""One error shape for the whole API: `application/problem+json` (RFC 9457) with the two keys that older clients read.

`{type, title, status, detail, success: false, error: <detail>, code, errors?: {field: [..]}, request_id}`
"""

import sys
from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from redis import RedisError
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from accounts.throttling import seconds_to_wait_after_refusal

log = structlog.get_logger(__name__)
RETRY_AFTER_SECONDS = 5
#: Raised before DRF asks the throttles.
REFUSALS = (exceptions.NotAuthenticated, exceptions.AuthenticationFailed, exceptions.PermissionDenied)


class Unavailable(exceptions.APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "The service cannot reach its storage right now. Try again in a few seconds."
    default_code = "unavailable"
    wait = RETRY_AFTER_SECONDS


class BodyTooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body_too_large"

    def __init__(self) -> None:
        super().__init__(f"The body is larger than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes.")


def problem(
    *, status_code: int, detail: str, code: str, request_id: str, errors: dict[str, list[str]] | None = None
) -> dict[str, Any]:
    """The body of an error reply."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status_code).phrase,
        "status": status_code,
        "detail": detail,
        "success": False,
        "error": detail,
        "code": code,
        "request_id": request_id,
    }
    if errors:
        body["errors"] = errors
    return body


def problem_response(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. What it does not know becomes Django's 500, which `server_error` words."""
    api_error = _as_api_exception(exc)
    if api_error is None:
        return None
    if isinstance(api_error, REFUSALS):
        api_error = _throttled(context) or api_error
    if isinstance(api_error, Unavailable):
        log.error("storage unreachable", error=type(exc).__name__)
    set_rollback()
    errors = _by_field(api_error.detail) if isinstance(api_error, exceptions.ValidationError) else None
    body = problem(
        status_code=api_error.status_code,
        detail=_first_sentence(errors) if errors else _plain(api_error.detail),
        code=_code(api_error),
        request_id=context["request"].META.get("request_id", ""),
        errors=errors,
    )
    response = Response(body, status=api_error.status_code, content_type="application/problem+json")
    if header := getattr(api_error, "auth_header", None):
        response["WWW-Authenticate"] = header
    if wait := getattr(api_error, "wait", None):
        response["Retry-After"] = str(int(wait) or 1)
    return response


def _throttled(context: dict[str, Any]) -> exceptions.Throttled | None:
    wait = seconds_to_wait_after_refusal(context["request"], context["view"])
    return exceptions.Throttled(wait) if wait else None


def _as_api_exception(exc: BaseException | None) -> exceptions.APIException | None:
    match exc:
        case exceptions.APIException():
            return exc
        case Http404():
            return exceptions.NotFound()
        case PermissionDenied():
            return exceptions.PermissionDenied()
        case RequestDataTooBig():
            return BodyTooLarge()
        case OperationalError() | InterfaceError() | RedisError():
            return Unavailable()
    return None


def _code(error: exceptions.APIException) -> str:
    if isinstance(error, exceptions.ValidationError):
        return "invalid"
    code = getattr(error.detail, "code", None) or error.default_code
    return str(code)


def _plain(detail: Any) -> str:
    if isinstance(detail, dict):  # simplejwt's own errors
        detail = detail.get("detail", "Invalid request.")
    if isinstance(detail, list):
        detail = detail[0] if detail else "Invalid request."
    return str(detail)


def _by_field(detail: Any, name: str = "") -> dict[str, list[str]]:
    """Flattens DRF's nested errors: `{"to": {"3": ["..."]}}` becomes `{"to.3": ["..."]}`."""
    if isinstance(detail, dict):
        found: dict[str, list[str]] = {}
        for key, value in detail.items():
            found |= _by_field(value, f"{name}.{key}" if name else str(key))
        return found
    if isinstance(detail, list) and any(isinstance(item, dict) for item in detail):
        found = {}
        for index, item in enumerate(detail):
            found |= _by_field(item, f"{name}.{index}") if item else {}
        return found
    texts = [str(item) for item in detail] if isinstance(detail, list) else [str(detail)]
    return {name or "non_field_errors": texts}


def _first_sentence(errors: dict[str, list[str]]) -> str:
    field, texts = next(iter(errors.items()))
    return texts[0] if field == "non_field_errors" else f"{field}: {texts[0]}"


# --- What Django itself answers, outside of a DRF view -----------------------------------------------------------


def _plain_problem(request: HttpRequest, status_code: int, detail: str, code: str) -> HttpResponse:
    request_id = request.META.get("request_id", "")
    if request.path.startswith("/api/"):
        body = problem(status_code=status_code, detail=detail, code=code, request_id=request_id)
        return JsonResponse(body, status=status_code, content_type="application/problem+json")
    context = {"status": status_code, "title": HTTPStatus(status_code).phrase, "detail": detail}
    return render(request, "problem.html", context | {"request_id": request_id}, status=status_code)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _plain_problem(request, 400, "The request cannot be read.", "bad_request")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _plain_problem(request, 403, "You may not see this.", "permission_denied")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _plain_problem(request, 404, "There is nothing at this address.", "not_found")


def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls it while it handles what went wrong. Where that is the storage, it is no fault of ours, and passes:
    a poll that asks Postgres without DRF, a page, the admin."""
    if isinstance(_as_api_exception(sys.exc_info()[1]), Unavailable):
        response = _plain_problem(request, Unavailable.status_code, Unavailable.default_detail, "unavailable")
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return response
    detail = "Something went wrong on our side. It was logged; the request id finds it."
    return _plain_problem(request, 500, detail, "server_error")
