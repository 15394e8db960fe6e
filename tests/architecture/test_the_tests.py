"""What the test run itself refuses."""

import socket

import pytest
from django.http import HttpRequest, HttpResponse
from zeal.errors import NPlusOneError
from zeal.middleware import zeal_middleware

from apps.applications.models import Application
from tests.support import make


def test_no_test_reaches_another_machine() -> None:
    with socket.socket() as beyond, pytest.raises(AssertionError, match=r"192\.0\.2\.1"):
        beyond.connect(("192.0.2.1", 80))


@pytest.mark.django_db
def test_a_view_that_queries_once_a_row_raises() -> None:
    for _ in range(3):
        make.application()

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(",".join(str(row.organization) for row in Application.objects.all()))

    with pytest.raises(NPlusOneError):
        zeal_middleware(view)(HttpRequest())
