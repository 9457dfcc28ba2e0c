"""Session sign-in and sign-out for pages, on the same record and under the same limits as the API's."""

from typing import Any

from django.contrib.auth import views
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse

from accounts import services
from accounts.callers import address_of
from accounts.models import SignIn
from accounts.throttling import retry_after, sign_in_wait

SESSION_KEY = "sign_in"


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
        session = services.record_success(user=form.get_user(), method=SignIn.Method.PAGE, **self._origin)
        self.request.session[SESSION_KEY] = str(session.pk)
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        self._record(SignIn.Outcome.REFUSED)
        return super().form_invalid(form)

    def _record(self, outcome: SignIn.Outcome) -> None:
        services.record_attempt(email=self._email, method=SignIn.Method.PAGE, outcome=outcome, **self._origin)

    @property
    def _email(self) -> str:
        return self.request.POST.get("username", "")

    @property
    def _origin(self) -> dict[str, Any]:
        return {"address": address_of(self.request), "user_agent": self.request.headers.get("User-Agent", "")}


class SignOutView(views.LogoutView):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if session_id := request.session.get(SESSION_KEY):
            services.end_session(session_id=session_id, because="signed out")
        return super().post(request, *args, **kwargs)
