"""``python -m tests.support.screenshots [BOX]``: photograph every page of a running demo.

Reads ``demo.json`` in the box's folder (``.trellis``), signs in as its developer, and writes
``screenshots/<page>-<width>-<theme>.png``; then as its operator, for the admin. It also says what a
reader with other eyes would meet: violations of the content policy in the console, and of
accessibility rules by axe. Ends with 1 when there are any.
"""

import json
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support import admin_pages

ROOT = Path(__file__).resolve().parents[2]
AXE = (Path(__file__).parent / "axe.min.js").read_text(encoding="utf-8")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Area = Literal["portal", "admin"]
AREAS: tuple[Area, ...] = ("portal", "admin")
Look = tuple[int, Literal["light", "dark"]]
LOOKS: tuple[Look, ...] = ((1360, "light"), (1360, "dark"), (390, "light"), (390, "dark"))
HEIGHT = 860
OPEN = {
    "landing": "/",
    "sign-in": "/accounts/login/",
    "sign-up": "/accounts/signup/",
    "terms": "/terms",
    "docs": "/docs",
    "guide": "/docs/quickstart",
    "moving": "/docs/moving/commerce/v1",
    "errors": "/docs/errors",
    "error": "/docs/errors/scope_missing",
    "events": "/docs/events",
    "changelog": "/docs/changelog",
    "scopes": "/docs/scopes",
    "found-a-key": "/found-a-key",
    "found-a-key-thanks": "/found-a-key?thanks=1",
    "password-forgotten": "/accounts/password/reset/",
    "outbox": "/outbox",
    "signed-out": "/oauth/logout",
    "missing": "/nowhere",
}
SIGNED_IN = {
    "start": "/start",
    "overview": "/overview",
    "applications": "/applications",
    "application-new": "/applications/new",
    "keys": "/keys",
    "key-new": "/keys/new",
    "key-check": "/keys/check",
    "logs": "/logs",
    "usage": "/usage",
    "usage-deprecated": "/usage/deprecated",
    "explorer": "/docs/swagger",
    "connections": "/connections",
    "device": "/device",
    "sign-out": "/oauth/logout",
    "settings": "/settings",
    "members": "/members",
    "members-connections": "/members/connections",
    "members-test-users": "/members/test-users",
    "test-user-new": "/members/test-users/new",
    "member-invite": "/members/invite",
    "organizations": "/organizations",
    "organization-new": "/organizations/new",
    "sessions": "/settings/sessions",
    "security": "/accounts/2fa/",
    "security-code": "/settings/code",
    "passkey-new": "/accounts/2fa/webauthn/add/",
    "authenticator-app": "/accounts/2fa/totp/activate/",
    "reauthentication": "/accounts/reauthenticate/",
    "password": "/accounts/password/change/",
    "address": "/accounts/email/",
}
# Below an application's page.
BELOW = ("limits", "revisions", "scopes", "oauth", "oauth/new", "oauth/initial-tokens")
OLDER = "Order sync"  # an application of the demo that is older than the newest revision
RUN = """axe.run().then(found => found.violations.map(
  one => `${one.id} (${one.nodes.length}): ${one.nodes[0].target.join(" ")}`))"""


def violations(page: Page) -> list[str]:
    """Return what axe has to say. DevTools evaluate it: the page's own policy forbids strings."""
    tools = page.context.new_cdp_session(page)
    tools.send("Runtime.evaluate", {"expression": AXE})
    said = tools.send(
        "Runtime.evaluate", {"expression": RUN, "awaitPromise": True, "returnByValue": True}
    )
    tools.detach()
    if "value" not in said["result"]:
        raise RuntimeError(f"axe could not run: {said}")
    return list(said["result"]["value"])


def sign_in(page: Page, base: str, email: str, password: str) -> None:
    """Sign in as a person would; a developer comes to the overview, an operator to the admin."""
    page.goto(f"{base}/accounts/login/")
    page.fill("[name=login]", email)
    page.fill("[name=password]", password)
    page.press("[name=password]", "Enter")
    page.wait_for_url(re.compile("/(overview|admin/)$"))


def chromium() -> str:
    """Return where the machine keeps Chromium."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    return str(found)


def photograph(
    context: BrowserContext, base: str, pages: dict[str, str], mark: str, folder: Path | None
) -> Iterator[str]:
    """Open ``pages``, photograph them into ``folder``, and yield a line for all that is wrong."""
    page = context.new_page()
    heard: list[str] = []
    page.on("console", lambda said: heard.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    for name, path in pages.items():
        heard.clear()
        page.goto("about:blank")  # An address that differs in its fragment only is not loaded anew.
        page.goto(base + path)
        page.wait_for_timeout(600 if folder else 200)  # fonts, charts and the explorer
        if page.url != base + path:
            yield f"{name}-{mark}: leads to {page.url}"
        if folder:
            page.screenshot(path=str(folder / f"{name}-{mark}.png"))
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wide > 0:
            yield f"{name}-{mark}: {wide} px too wide"
        expected = "status of 404" if name in {"missing", "explain-unknown"} else "\0"
        yield from (f"{name}-{mark}: {line}" for line in heard if expected not in line)
        yield from (f"{name}-{mark}: axe {line}" for line in violations(page))
    page.close()


def everything(
    browser: Browser,
    facts: dict[str, Any],
    looks: Sequence[Look],
    folder: Path | None = None,
    areas: Sequence[Area] = AREAS,
) -> Iterator[str]:
    """Open every page in each look, and yield a line for all that is wrong."""
    walks = {"portal": portal, "admin": admin}
    for width, theme in looks:
        for area in areas:
            context = browser.new_context(
                viewport={"width": width, "height": HEIGHT}, color_scheme=theme
            )
            yield from walks[area](context, facts, f"{width}-{theme}", folder)
            context.close()


def portal(
    context: BrowserContext, facts: dict[str, Any], mark: str, folder: Path | None
) -> Iterator[str]:
    """Walk through the portal, first as a stranger and then as the developer."""
    base = facts["portal_url"]
    yield from photograph(context, base, OPEN, mark, folder)
    page = context.new_page()
    sign_in(page, base, facts["developer_email"], facts["developer_password"])
    entries = {
        "request": first(page, base, "logs"),
        "explain": first(page, base, "logs?status=4").replace("/logs/", "/explain/"),
        "explain-unknown": "/explain/req_0003KmTKYu5PFfWVFiTzxS",
        "application": first(page, base, "applications"),
    }
    page.goto(f"{base}/applications")
    older = page.get_by_role("link", name=OLDER).first.get_attribute("href")
    entries["revisions-older"] = f"{older}/revisions"
    entries["revision-move"] = f"{older}/revisions/commerce/v1/2026-11-01"
    page.goto(f"{base}/keys")
    for verb in ("change", "rotate", "hand-over"):
        for link in page.locator(f"main a[href$='/{verb}']").all()[:1]:
            entries[f"key-{verb}"] = link.get_attribute("href") or ""
    page.goto(f"{base}/members/test-users")
    remove = page.locator("main a[href$='/remove']").first
    entries["test-user-remove"] = remove.get_attribute("href") or ""
    page.close()
    for path in BELOW:
        entries[f"application-{path.replace('/', '-')}"] = f"{entries['application']}/{path}"
    yield from photograph(context, base, SIGNED_IN | entries, mark, folder)


def admin(
    context: BrowserContext, facts: dict[str, Any], mark: str, folder: Path | None
) -> Iterator[str]:
    """Walk through the admin as the operator."""
    base = facts["portal_url"]
    page = context.new_page()
    sign_in(page, base, facts["admin_email"], facts["admin_password"])
    found = admin_pages.pages(page, base)
    page.close()
    yield from photograph(context, base, found, mark, folder)


def first(page: Page, base: str, name: str) -> str:
    """Return the address of the first thing in a list."""
    page.goto(f"{base}/{name}")
    return page.locator("main tbody a").first.get_attribute("href") or f"/{name}"


def main() -> int:
    """Photograph the demo that runs, and say what is wrong with it."""
    home = Path(sys.argv[1]) if sys.argv[1:] else ROOT / ".trellis"
    facts = json.loads((home / "demo.json").read_text(encoding="utf-8"))
    folder = ROOT / "screenshots"
    folder.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        wrong = list(everything(browser, facts, LOOKS, folder))
        browser.close()
    for line in wrong:
        sys.stderr.write(f"{line}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
