from django.http import HttpRequest, HttpResponse


def index(request: HttpRequest, **_: str) -> HttpResponse:
    return HttpResponse()


detail = explain = table = run = first = index
