"""One call to the API, in the languages that the pages offer."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.utils.safestring import SafeString

from apps.catalog.models import Api, Operation
from portal.highlight import colour

FAVOURITE: Final = "orders"  # The one to show when the catalog has several lists.
FALLBACK: Final = "/commerce/v1/orders"


@dataclass(frozen=True, slots=True)
class Sample:
    """The same call in one language."""

    name: str
    title: str
    code: str
    html: SafeString


def first_url(scopes: Iterable[str] | None = None) -> str:
    """Return the address of a call that every sandbox answers: the first plain list.

    Of those that ``scopes`` cover, where they cover any.
    """
    everybodys = Operation.objects.filter(version__api__visibility=Api.Visibility.PUBLIC)
    lists = everybodys.filter(method="GET", name__endswith="_list")
    if scopes is not None and (covered := lists.filter(scopes__contained_by=list(scopes))):
        lists = covered
    found = lists.select_related("version__api").defer("version__document").order_by("path")
    known = [f"{operation.version.prefix}{operation.path}" for operation in found]
    path = next((path for path in known if path.endswith(FAVOURITE)), (known or [FALLBACK])[0])
    return f"{settings.API_URL}{path}?limit=3"


def in_every_language(url: str, key: str) -> list[Sample]:
    """Return the call in curl, Python and JavaScript; none needs anything installed."""
    return [
        _sample("curl", "curl", "bash", _curl(url, key)),
        _sample("python", "Python", "python", _python(url, key)),
        _sample("javascript", "JavaScript", "javascript", _javascript(url, key)),
    ]


def body(text: str) -> SafeString:
    """Return an answer's body in colour, indented when it is JSON."""
    try:
        return colour(json.dumps(json.loads(text), indent=2, ensure_ascii=False), "json")
    except ValueError:
        return colour(text, "text")


def _sample(name: str, title: str, language: str, code: str) -> Sample:
    return Sample(name, title, code, colour(code, language))


def _curl(url: str, key: str) -> str:
    return f'curl "{url}" \\\n  -H "Authorization: Bearer {key}"'


def _python(url: str, key: str) -> str:
    return (
        "import json\n"
        "from urllib.request import Request, urlopen\n\n"
        f'request = Request(\n    "{url}",\n'
        f'    headers={{"Authorization": "Bearer {key}"}},\n)\n'
        "with urlopen(request) as answer:\n"
        "    print(json.dumps(json.load(answer), indent=2))"
    )


def _javascript(url: str, key: str) -> str:
    return (
        f'const answer = await fetch("{url}", {{\n'
        f'  headers: {{ Authorization: "Bearer {key}" }},\n}});\n'
        "console.log(await answer.json());"
    )


@dataclass(frozen=True, slots=True)
class Example:
    """A call with no real key, and the answer it gets, for pages that anyone may read."""

    url: str
    call: SafeString
    answer: SafeString


def example(url: str) -> Example:
    """Return what the landing page shows."""
    key = f"{settings.BRAND['key_prefix']}_test_k…"
    answer = {
        "object": "list",
        "data": [{"object": "order", "id": "ord_06rD…", "status": "paid", "total": 4200}],
        "has_more": True,
    }
    return Example(url, colour(_curl(url, key), "bash"), body(json.dumps(answer)))


def repeat(method: str, url: str) -> Sample:
    """Return a call as curl would make it again; the key and the body are the reader's own."""
    verb = "" if method == "GET" else f"-X {method} "
    key = f"{settings.BRAND['key_prefix']}_…"
    return _sample(
        "curl", "curl", "bash", f'curl {verb}"{url}" \\\n  -H "Authorization: Bearer {key}"'
    )
