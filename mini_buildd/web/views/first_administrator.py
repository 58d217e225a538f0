"""The account of the very first administrator, for whoever has flow/first_administrator's link."""

from django.contrib.auth import login
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from mini_buildd.domain.problem import FirstAdministratorRefused, TooManyAttempts
from mini_buildd.flow.first_administrator import check_code, make_first_administrator
from mini_buildd.flow.hosted import instance, places, site, throttle
from mini_buildd.web.account_forms import RegistrationForm
from mini_buildd.web.forwarded import peer_of
from mini_buildd.web.views.account import by_tls

_BACKEND = "django.contrib.auth.backends.ModelBackend"
_CODE_CHARACTERS = 200


class FirstAdministratorForm(RegistrationForm):
    """A name, an address, and a password twice; every name that is free will do."""

    class Meta(RegistrationForm.Meta):
        """The same account."""

    def clean_username(self) -> str:
        """A name that nobody has, whatever the case."""
        name: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=name).exists():
            self.add_error("username", gettext("There is an account of that name."))
        return name


@sensitive_post_parameters()
@csrf_protect
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """Ask for the account, and go on to the other steps as that."""
    if instance().https.port and not request.is_secure():
        return redirect(by_tls(request))
    code = request.POST.get("code", request.GET.get("code", ""))[:_CODE_CHARACTERS]
    try:
        _check(request, code)
        form = FirstAdministratorForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            return _make(request, code, form)
    except FirstAdministratorRefused as problem:
        return _refused(request, problem, 403)
    except TooManyAttempts as problem:
        return _refused(request, problem, 429)
    context = {"form": form, "code": code}
    return render(request, "mini_buildd/first_administrator.html", context)


def _check(request: HttpRequest, code: str) -> None:
    """Whoever guesses is made to wait, as at all doors."""
    throttle().demand("", peer_of(request))
    try:
        check_code(places(), code)
    except FirstAdministratorRefused:
        throttle().failed("", peer_of(request))
        raise


def _make(request: HttpRequest, code: str, form: UserCreationForm) -> HttpResponse:  # type: ignore[type-arg]  # not subscriptable when it runs
    said = form.cleaned_data
    user = make_first_administrator(
        site(), code, name=said["username"], email=said["email"], password=said["password1"]
    )
    login(request, user, backend=_BACKEND)
    return redirect("first-steps")


def _refused(
    request: HttpRequest, problem: FirstAdministratorRefused | TooManyAttempts, status: int
) -> HttpResponse:
    return render(request, "mini_buildd/refused.html", {"problem": problem}, status=status)
