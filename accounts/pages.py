"""Session sign-in and sign-out for pages, on the same record and under the same limits as the API's."""

from typing import Any

from django.contrib import auth
from django.contrib.auth import views
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse

from accounts import services
from accounts.callers import address_of, origin_of
from accounts.models import SignIn, User
from accounts.throttling import retry_after, sign_in_wait

SESSION_KEY = "sign_in"


def user_of(request: HttpRequest) -> User | None:
    """Whom a page's session lets in: by Django's own rules, which know of new passwords, and no longer than its record
    is open. Whoever is signed out everywhere is so at once, and nobody knows which sessions of Django's are theirs."""
    user = auth.get_user(request)
    record = request.session.get(SESSION_KEY)
    has_ended = record is not None and not SignIn.objects.filter(pk=record, ended_at=None).exists()
    return user if isinstance(user, User) and not has_ended else None


def keep_signed_in(request: HttpRequest, user: User) -> None:
    """Puts a page's session on record, as one that has just begun."""
    session = services.record_success(user=user, method=SignIn.Method.PAGE, **origin_of(request))
    request.session[SESSION_KEY] = str(session.pk)


class SignInView(views.LoginView):
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wait = sign_in_wait(address=address_of(request), email=self._email)
        if not wait:
            return super().post(request, *args, **kwargs)
        self._record(SignIn.Outcome.THROTTLED)
        page = self.render_to_response(self.get_context_data(throttled=True), status=429)
        page["Retry-After"] = str(retry_after(wait))
        return page

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        keep_signed_in(self.request, form.get_user())
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        self._record(SignIn.Outcome.REFUSED)
        return super().form_invalid(form)

    def _record(self, outcome: SignIn.Outcome) -> None:
        where = origin_of(self.request)
        services.record_attempt(email=self._email, method=SignIn.Method.PAGE, outcome=outcome, **where)

    @property
    def _email(self) -> str:
        return self.request.POST.get("username", "")


class SignOutView(views.LogoutView):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if session_id := request.session.get(SESSION_KEY):
            services.end_session(session_id=session_id, because="signed out")
        return super().post(request, *args, **kwargs)
