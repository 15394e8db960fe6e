"""A developer beside a gateway: a call is refused, its page opened, and what the page says done."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.keys.models import Key
from apps.keys.services import Issued
from apps.orgs.models import Role
from apps.usage import ingest
from tests.gateway.conftest import World
from tests.gateway.process import Gateway
from tests.support import browsers

ECHO = "/shop/v1/echo"
Said = dict[str, Any]


@dataclass
class Developer:
    """The owner of an application, with a browser and a program."""

    gateway: Gateway
    world: World

    def call(
        self, credential: Any, path: str = ECHO, *, method: str = "GET", **options: Any
    ) -> httpx.Response:
        """Call with a key or token, or with nothing."""
        headers = dict(options.pop("headers", {}))
        secret = getattr(credential, "secret", None) or getattr(credential, "text", credential)
        if secret:
            headers.setdefault("Authorization", f"Bearer {secret}")
        return self.gateway.client.request(method, path, headers=headers, **options)

    def succeeds(self, credential: Any, path: str = ECHO, **options: Any) -> None:
        """Call until it succeeds: what was changed reaches gateways within a second or so."""
        deadline = time.monotonic() + 8
        while (answer := self.call(credential, path, **options)).status_code >= 300:
            assert time.monotonic() < deadline, answer.text
            time.sleep(0.1)

    def refused(
        self, code: str, credential: Any, path: str = ECHO, **options: Any
    ) -> httpx.Response:
        """Call until it is refused with ``code``."""
        deadline = time.monotonic() + 8
        while True:
            answer = self.call(credential, path, **options)
            if answer.status_code >= 400 and answer.json()["code"] == code:
                return answer
            assert time.monotonic() < deadline, answer.text
            time.sleep(0.1)

    def explained(self, answer: httpx.Response, issued: Any) -> Said:
        """Open the refusal's page as the owner does, both as a person reads it and as JSON."""
        problem = answer.json()
        path = problem["instance"].removeprefix("http://portal.test")
        assert path == f"/explain/{problem['request_id']}"
        with self.world():
            browser = browsers.of(owner(issued))
            said = self._wait(browser, path)
            page = browser.get(path)
            assert page.status_code == 200
            text = page.content.decode()
        assert said["id"] == problem["request_id"]
        assert (said["code"], said["status"]) == (problem["code"], problem["status"])
        failed = [one for one in said["decisions"] if one["state"] == "failed"]
        assert [one["name"] for one in failed] == [said["failed"]]
        at = said["decisions"].index(failed[0])
        assert all(one["state"] == "passed" for one in said["decisions"][:at])
        assert failed[0]["title"] in text.replace("&#x27;", "'")
        link = said["fix"]["url"].removeprefix("http://localhost:8000")
        assert link.replace("&", "&amp;") in text
        return said | {"why": failed[0], "link": link}

    def unknown(self, answer: httpx.Response, somebody: Any) -> str:
        """Open the page of a request that belongs to nobody; return what it says."""
        path = answer.json()["instance"].removeprefix("http://portal.test")
        with self.world():
            self._drain()
            page = browsers.of(owner(somebody)).get(path)
        assert page.status_code == 404
        return page.content.decode()

    def opens(self, link: str, issued: Any) -> Any:
        """Follow a link as the owner."""
        with self.world():
            page = browsers.of(owner(issued)).get(link.partition("#")[0])
        assert page.status_code == 200, page
        return page

    def submits(self, link: str, issued: Any, **changes: Any) -> Any:
        """Fill in the form at ``link``, which says most already, and send it."""
        with self.world():
            browser = browsers.of(owner(issued))
            form = browser.get(link).context["form"]
            told = {name: form[name].value() for name in form.fields}
            filled = {name: value for name, value in (told | changes).items() if value is not None}
            answer = browser.post(link, filled)
            shown = answer.context or {}
            assert answer.status_code == 302 or "secret" in shown, shown["form"].errors
        return answer

    def acts(self, what: Callable[[], Any]) -> Any:
        """Let somebody else act, such as the operator."""
        with self.world():
            return what()

    def reveals(self, key: Key) -> str:
        """Show a sandbox key again, as the list of keys does."""
        with self.world():
            answer = browsers.of(owner(key)).post(reverse("portal:keys-reveal", args=[key.pk]))
        return str(answer.context["secret"])

    def _wait(self, browser: Client, path: str) -> Said:
        deadline = time.monotonic() + 5
        while True:
            self._drain()
            answer = browser.get(path, headers={"Accept": "application/json"})
            if answer.status_code == 200:
                return dict(answer.json())
            assert time.monotonic() < deadline, "The request never came."
            time.sleep(0.1)

    def _drain(self) -> None:
        while ingest.once(wait=None):
            pass


def owner(thing: Any) -> User:
    """Return who owns the organization of a key, a token or an application."""
    row = thing.key if isinstance(thing, Issued) else getattr(thing, "row", thing)
    organization = row.application.organization
    return organization.memberships.get(role=Role.OWNER).user
