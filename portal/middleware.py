"""What holds for every page of the portal."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.core.errors import Problem


class ProblemPages:
    """Shows a page where a view raises a Problem; the APIs have their own way to say it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Wrap what answers."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer with the problem's own status, words and page of documentation."""
        if not isinstance(error, Problem):
            return None
        return render(request, "portal/problem.html", {"problem": error}, status=int(error.status))
