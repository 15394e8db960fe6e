"""The view that every API's views begin with.

It authenticates, checks scopes and parameter names, opens one transaction around the method and
turns what it returns into an answer. Whatever is raised rolls everything back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, ClassVar, cast

from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSetMixin

from apps.core.caller import Caller
from apps.core.errors import ScopeMissing
from apps.core.request import current_request
from apps.core.rest import conditions, problems
from apps.core.rest.conditions import Version
from apps.core.rest.errors import (
    LengthRequired,
    MediaTypeUnsupported,
    MethodNotAllowed,
    ParameterUnknown,
    ValidationFailed,
)
from apps.core.rest.expansion import Lens, Resource, Shape
from apps.core.rest.fields import Strict
from apps.core.rest.operations import Operation
from apps.core.rest.pagination import Pages
from apps.core.rest.parsers import MAX_BYTES, too_large
from apps.core.rest.renderers import dumps

REQUEST_ID = "Trellis-Request-Id"
REPEATABLE = {"expand[]"}


class ApiView(ViewSetMixin, APIView):
    """Base of a native API's views. A method returns a dict, or a ready answer."""

    resource: ClassVar[Resource]
    owned_by: ClassVar[str] = "tenant"  # where a row names its owner
    named_by: ClassVar[str] = "pk"  # the field whose value callers know as id
    drifts: ClassVar[bool] = False  # whether objects have members that change by themselves
    http_method_names = ["get", "head", "post", "patch", "delete"]

    caller: Caller
    operation: Operation
    version: Version | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer one request, whatever happens."""
        self.args, self.kwargs = args, kwargs
        named = current_request.set("")
        try:
            try:
                self.request = self.initialize_request(request, *args, **kwargs)
                answer = self._answer(self.request)
            except Exception as error:  # noqa: BLE001 - every error becomes a problem document
                answer = problems.handle(error, {"view": self})
            answer.headers.setdefault("Cache-Control", "private, no-cache")
            if request_id := current_request.get():
                answer.headers[REQUEST_ID] = request_id
            return answer
        finally:
            current_request.reset(named)

    def _answer(self, request: Request) -> HttpResponse:
        self.perform_authentication(request)
        self.caller = cast("Caller", request.auth)
        method = (request.method or "").lower()
        handler = getattr(self, method, None) if method in self.http_method_names else None
        if handler is None:
            allowed = ", ".join(sorted(name.upper() for name in self.action_map))
            raise MethodNotAllowed(
                f"{request.method} is not possible here; {allowed} is.", headers={"Allow": allowed}
            )
        self.operation = handler.operation
        if missing := self.operation.scopes - self.caller.scopes:
            name = min(missing)
            raise ScopeMissing(f"{self.operation.name} needs the scope {name}.", scope=name)
        self._check_request(request)
        with self.world():
            return self.perform(handler)

    @contextmanager
    def world(self) -> Iterator[None]:
        """Surround the method: one transaction. A subclass adds whose rows can be seen."""
        with transaction.atomic():
            yield

    def perform(self, handler: Any) -> HttpResponse:
        """Run the method. A subclass may answer in its place."""
        return self._finish(handler(self.request, **self.kwargs))

    def _check_request(self, request: Request) -> None:
        length: str = request.META.get("CONTENT_LENGTH") or ""
        if int(length or 0) > MAX_BYTES:
            raise too_large(int(length))
        if not length and "HTTP_TRANSFER_ENCODING" in request.META:
            raise LengthRequired("Send Content-Length: WSGI would take a chunked body for none.")
        if not request.META.get("QUERY_STRING"):
            return
        given = request.query_params
        if unknown := sorted(set(given) - self.operation.query):
            known = ", ".join(sorted(self.operation.query)) or "none"
            raise ParameterUnknown(
                f"The operation has no parameter {', '.join(unknown)[:200]}. It has: {known}.",
                param=unknown[0][:80],
                errors=[
                    {
                        "param": name[:80],
                        "code": problems.UNKNOWN,
                        "detail": problems.NO_SUCH_PARAMETER,
                    }
                    for name in unknown[:20]
                ],
            )
        for name, values in given.lists():
            if len(values) > 1 and name not in REPEATABLE:
                raise ValidationFailed(f"{name} is given {len(values)} times.", param=name)

    @cached_property
    def lens(self) -> Lens:
        """How this caller sees objects."""
        asked = bool(self.request.META.get("QUERY_STRING"))
        query = self.request.query_params if asked else QueryDict()
        fields = query.get("fields", "")
        return Lens(
            at=self.at,
            livemode=self.caller.livemode,
            scopes=self.caller.scopes,
            expand=tuple(query.getlist("expand[]")),
            fields=frozenset(name.strip() for name in fields.split(",") if name.strip()),
        )

    def body(self, serializer: type[serializers.Serializer[Any]], *, partial: bool = False) -> Any:
        """Return the request's body, checked by ``serializer``."""
        checked = serializer(data=self.request.data, partial=partial)
        checked.is_valid(raise_exception=True)
        return checked.validated_data

    def file(self) -> bytes:
        """Return a body that is no JSON, of one of the types that the operation reads."""
        media = self.operation.media
        if self.request.content_type.partition(";")[0].strip().lower() not in media:
            said = ", ".join(media)
            raise MediaTypeUnsupported(
                f"Send the body as {' or '.join(media)}, with that Content-Type.",
                headers={"Accept": said},
            )
        request = self.request._request  # noqa: SLF001 - DRF offers no other way to the raw body
        return bytes(request.body)

    def no_body(self) -> None:
        """Refuse members where the path says everything."""
        self.body(Strict)

    def show(self, found: models.Model) -> Shape:
        """Return the representation of one object, and remember its version for the ETag."""
        self.version = self.version_of(found)
        return self.lens.show(self.resource, [found])[0]

    def version_of(self, found: Any) -> Version | None:
        """Return what If-Match is compared with; None for what is never changed."""
        return getattr(found, "version", None)

    @property
    def at(self) -> Any:
        """Where expanded objects are looked up, as their ``load`` takes it."""
        return self.caller.tenant

    @property
    def owner(self) -> str:
        """Whose rows the lists show, as ``owned_by`` names them."""
        return self.caller.tenant

    def page(self, queryset: models.QuerySet[Any]) -> Shape:
        """Return one page of ``queryset`` with the request's filters, order and cursor."""
        query, described, whole = self.request.query_params, self.operation, queryset
        if described.filters and any(name in query for name in described.filters.base_filters):
            filters = described.filters(query, queryset=queryset)
            if not filters.is_valid():
                raise problems.invalid(
                    {
                        name: [ErrorDetail(error.messages[0], error.code) for error in errors]
                        for name, errors in filters.errors.as_data().items()
                    }
                )
            queryset = filters.qs
        pages = Pages(described.name, self.owner, described.sorts, self.owned_by, self.named_by)
        page = pages.cut(queryset, query, whole)
        return {
            "object": "list",
            "data": self.lens.show(self.resource, page.rows),
            "has_more": page.has_more,
            "next_cursor": page.next_cursor,
        }

    def target(self, queryset: models.QuerySet[Any], key: str) -> Any:
        """Return the object that the request wants to change, locked and as If-Match expects it."""
        rows = queryset.select_for_update(of=("self",))
        found = rows.filter(**{self.named_by: key}).first()
        if found is None:
            raise Http404
        if if_match := self.request.headers.get("If-Match"):
            conditions.check(if_match, self.version_of(found) or 0)
        return found

    def _finish(self, result: Any) -> HttpResponse:
        if isinstance(result, HttpResponse):
            return result
        if result is None:
            return _empty(204)
        return self.answer(result)

    def answer(self, shape: Shape, status: int = 200) -> HttpResponse:
        """Return ``shape`` as an answer with its ETag, or 304 where the caller already holds it."""
        content = dumps(shape)
        answer = HttpResponse(content, status=status, content_type="application/json")
        reading = self.request.method in {"GET", "HEAD"}
        if reading or self.version is not None:
            drifts = self.drifts or bool(self.lens.expand)
            tag = conditions.etag(content, self.version, drifts=drifts)
            answer.headers["ETag"] = tag
            if reading and conditions.unchanged(self.request.headers.get("If-None-Match"), tag):
                answer = _empty(304)
                answer.headers["ETag"] = tag
        return answer


def _empty(status: int) -> HttpResponse:
    answer = HttpResponse(status=status)
    del answer.headers["Content-Type"]
    return answer
