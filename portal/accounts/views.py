"""Signing in and out, the password, the language."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST


class SignIn(auth.LoginView):
    """``accounts/login.html``: form (username, password), next."""

    template_name = "accounts/login.html"
    redirect_authenticated_user = True


class ChangePassword(auth.PasswordChangeView):
    """``accounts/password_change.html``: form (old_password, new_password1, new_password2)."""

    template_name = "accounts/password_change.html"
    success_url = reverse_lazy("accounts:password_changed")


class PasswordChanged(auth.PasswordChangeDoneView):
    """``accounts/password_change_done.html``: nothing of its own."""

    template_name = "accounts/password_change_done.html"


def locked_out(request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
    """The sign-in page again, saying to wait: the same for names that exist and names that don't."""
    context = {
        "form": AuthenticationForm(request),
        "next": request.POST.get("next", ""),
        "locked": _("Too many tries. Wait fifteen minutes, then try again."),
    }
    return render(request, "accounts/login.html", context, status=429)


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Remember the reader's language (POST ``language``, ``next``): in the account when signed in, and in a cookie."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = "/"
    response = HttpResponseRedirect(target)
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES) and check_for_language(language):
        if request.user.is_authenticated:
            request.user.language = language
            request.user.save(update_fields=["language"])
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=31_536_000, samesite="Lax", httponly=True)
    return response


def account(_request: HttpRequest) -> HttpResponse:
    """``/cuenta/`` has one page so far."""
    return redirect("accounts:password")
