"""Call a native API as the gateway does: ``Api(tenant).get("/commerce/v1/orders")``."""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.test import Client

from apps.core import caller as callers
from apps.core import clock, ids
from apps.core.caller import Caller
from apps.tenants.models import Tenant
from tests.support import contract

EVERYTHING = frozenset(
    f"{what}:{how}"
    for what in ("customers", "products", "orders", "payments")
    for how in ("read", "write")
)


class Answer:
    """What came back."""

    def __init__(self, response: Any) -> None:
        self.status, self.headers = response.status_code, response.headers
        self.content = response.content

    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def code(self) -> Any:
        return self.json()["code"]


class Api:
    """An application that calls with some scopes in one tenant."""

    base = "/commerce/v1/"

    def __init__(
        self, tenant: Tenant, *, scopes: Iterable[str] = EVERYTHING, application: str = ""
    ) -> None:
        self.caller = Caller(
            request_id="",
            application=application or ids.new("app"),
            organization=tenant.organization_id,
            tenant=tenant.pk,
            livemode=tenant.livemode,
            credential=ids.new("key"),
            scopes=frozenset(scopes),
        )
        self.client = Client(raise_request_exception=False)

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, headers=headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.send("POST", path, body, headers=headers)

    def patch(self, path: str, body: Any, **headers: str) -> Answer:
        return self.send("PATCH", path, body, headers=headers)

    def delete(self, path: str, **headers: str) -> Answer:
        return self.send("DELETE", path, headers=headers)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        media_type: str = "application/json",
    ) -> Answer:
        """Send one request; header names are written with underscores."""
        url = path if path.startswith("/") else self.base + path
        audience = url.split("/")[1]
        token = callers.sign(
            Caller(
                **{
                    name: getattr(self.caller, name)
                    for name in Caller.__slots__
                    if name != "request_id"
                },
                request_id=ids.new("req"),
            ),
            audience=audience,
            method=method,
            path=unquote(url.partition("?")[0]),
            key=callers.key_for(audience, settings.CALLER_KEY),
            now=clock.real().timestamp(),
        )
        sent = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        data = (
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        )
        answer = Answer(
            self.client.generic(
                method, url, data, content_type=media_type, headers={callers.HEADER: token, **sent}
            )
        )
        contract.check(method, url, answer.status, answer.headers, answer.content)
        return answer


def anonymous(method: str, path: str) -> Answer:
    """Send a request that did not come through the gateway."""
    url = path if path.startswith("/") else f"/commerce/v1/{path}"
    return Answer(Client().generic(method, url))
