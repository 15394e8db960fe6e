"""The operator's admin: who may enter, and what its pages may load.

People sign in at the portal, with whatever factors they have there. Staff enter; where
``TRELLIS_ADMIN_MFA`` asks for it, only staff with a second factor.
"""

from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlencode

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from unfold.sites import UnfoldAdminSite

from apps.core.staff import has_factor, proven, where_to_prove

# Alpine evaluates expressions and the theme sets colours inline: here, and nowhere else.
POLICY = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}
with_policy = csp_replace(POLICY)

View = Callable[..., Any]


class Site(UnfoldAdminSite):  # type: ignore[misc]  # unfold has no types
    """Django's admin for staff who proved who they are."""

    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        """Let active staff in, with a second factor where one is asked for."""
        return bool(super().has_permission(request)) and proven(request)

    def admin_view(self, view: View, cacheable: bool = False) -> View:  # noqa: FBT001, FBT002 - Django's signature
        """Give every page of the admin its own content security policy."""
        return with_policy(super().admin_view(view, cacheable))

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send people to the portal's sign-in; tell who is signed in why they cannot enter."""
        if not request.user.is_authenticated:
            return redirect_to_login(self._goal(request), resolve_url(settings.LOGIN_URL))
        if self.has_permission(request):
            return redirect(self._goal(request))
        if request.user.is_active and request.user.is_staff:
            return self._second_factor(request)
        messages.error(request, "Only the operator's staff may enter the admin.")
        return redirect(settings.LOGIN_REDIRECT_URL)

    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseRedirect:
        """Let the portal sign people out."""
        return redirect("account_logout")

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Let the portal change passwords, with all its checks."""
        return redirect("account_change_password")

    def _second_factor(self, request: HttpRequest) -> HttpResponse:
        """Say what is missing, and how a demo on one machine relaxes it."""
        goal = self._goal(request)
        context = {
            **self.each_context(request),
            "title": "A second factor is needed",
            "has_factor": has_factor(request),
            "prove_url": f"{reverse(where_to_prove(request))}?{urlencode({'next': goal})}",
        }
        page = render(request, "admin/second_factor.html", context, status=403)
        return cast("HttpResponse", with_policy(lambda _: page)(request))

    def _goal(self, request: HttpRequest) -> str:
        goal = request.GET.get("next", "")
        own = url_has_allowed_host_and_scheme(goal, {request.get_host()})
        return goal if own else reverse("admin:index", current_app=self.name)
