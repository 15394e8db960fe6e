"""Proving an address with the code of a mail, or correcting the address."""

from typing import Any

from allauth.account.views import ConfirmEmailVerificationCodeView
from django.http import HttpResponseBase


class ConfirmView(ConfirmEmailVerificationCodeView):  # type: ignore[misc]  # allauth has no types
    """allauth's page, which breaks by itself on an address that cannot be taken."""

    def form_invalid(self, form: Any) -> HttpResponseBase:
        """Say what is wrong with the other address; the rest is allauth's."""
        if self._action == "change":
            page: HttpResponseBase = self.render_to_response(self.get_context_data(form=form))
            return page
        answer: HttpResponseBase = super().form_invalid(form)
        return answer
