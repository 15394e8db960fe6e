"""What ends and who still calls it: counted, as a file, and written to."""

import csv
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.core.errors import Problem
from apps.core.office import Record, person
from apps.core.sheets import plain
from apps.usage import letters
from apps.usage import selectors as usage
from apps.usage.models import Letter
from apps.usage.selectors.ending import Subject, find

SEND = "usage.add_letter"
WORDS = "Please move {when}. The page below says how, and which of your calls it concerns."
HEAD = (
    *("application", "name", "organization", "environment"),
    *(f"calls_{usage.WEEK}_days", f"calls_{usage.MONTH}_days", "last_call"),
)


class LetterForm(forms.Form):
    """What is written to those who still call."""

    campaign = forms.CharField(
        max_length=letters.CAMPAIGN_LIMIT,
        widget=UnfoldAdminTextInputWidget,
        help_text="Nobody gets a second letter in the same campaign.",
    )
    words = forms.CharField(
        required=False,
        max_length=letters.WORDS_LIMIT,
        widget=UnfoldAdminTextareaWidget({"rows": 6}),
        help_text="Your own words, between the numbers and the address of the guide.",
    )


@admin.register(Letter)
class EndingAdmin(Record):
    """Pages of our own: the rows are of the roll-ups, and letters are written, never edited."""

    fields: ClassVar = ["subject", "campaign", "application", "words", "sent_at", "sent_by"]

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of one subject."""
        view = self.admin_site.admin_view
        mine = [
            path("about/", view(self.subject_view), name="usage_ending"),
            path("about.csv", view(self.table_view), name="usage_ending_csv"),
        ]
        return [*mine, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show all that ends, with how many still use it."""
        self._check(request)
        found = usage.summaries()
        title = "Deprecated, and still used"
        return self._page(request, "ending", title, summaries=found, days=usage.MONTH)

    def subject_view(self, request: HttpRequest) -> HttpResponse:
        """Show who still uses one subject, and the letter that they get."""
        subject = self._asked(request)
        ends = subject.sunset_at and not subject.ended
        when = "before that day" if ends else "as soon as you can"
        usual = {"campaign": "First letter", "words": WORDS.format(when=when)}
        form = LetterForm(request.POST or None, initial=usual)
        told = form.initial if not form.is_valid() else form.cleaned_data
        if request.method == "POST" and form.is_valid() and "send" in request.POST:
            return self._send(request, subject, form)
        found = letters.addressees(subject, campaign=told["campaign"])
        first = next((one for one in found if not one.told), None)
        return self._page(
            request,
            "ending_subject",
            f"Who still uses {subject}",
            subject=subject,
            found=found,
            waiting=sum(not one.told for one in found),
            form=form if person(request).has_perm(SEND) else None,
            letter=first and letters.written(subject, first, words=told["words"]),
            sent=letters.letters(subject)[:50],
            query=urlencode({"subject": subject.key}),
            week=usage.WEEK,
            month=usage.MONTH,
        )

    def table_view(self, request: HttpRequest) -> HttpResponse:
        """Answer with who still uses one subject, for a spreadsheet."""
        subject = self._asked(request)
        answer = HttpResponse(content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="still-calling.csv"'
        writer = csv.writer(answer)
        writer.writerow(HEAD)
        for one in usage.still_calling(subject):
            owner = one.application
            names = [plain(owner.name), plain(owner.organization.name)]
            environment = "live" if one.livemode else "sandbox"
            writer.writerow([owner.pk, *names, environment, one.week, one.month, one.last])
        return answer

    def _send(self, request: HttpRequest, subject: Subject, form: LetterForm) -> HttpResponse:
        if not person(request).has_perm(SEND):
            raise PermissionDenied
        try:
            count = letters.send(subject, actor=person(request), **form.cleaned_data)
        except Problem as problem:
            messages.error(request, problem.detail)
        else:
            if count:
                messages.success(request, f"Letters are written for {count} applications.")
            else:
                messages.warning(request, "Everybody has this letter already.")
        return redirect(f"{reverse('admin:usage_ending')}?{urlencode({'subject': subject.key})}")

    def _asked(self, request: HttpRequest) -> Subject:
        self._check(request)
        if (subject := find(request.GET.get("subject", ""))) is None:
            raise Http404
        return subject

    def _check(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _page(self, request: HttpRequest, name: str, title: str, **more: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        return render(request, f"admin/{name}.html", context | more)
