"""The court: a box that strangers may register at, judges from npm and PyPI, and a score."""

import fcntl
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import pytest

from tests.journeys.box import Box
from tests.support.person import Person

HERE = Path(__file__).parent
JUDGES = ["openid-client", "oauth4webapi", "mcp-sdk", "authlib", "requests-oauthlib"]
JUDGES += ["judy", "victim", "shop", "stranger"]
SCORES: dict[str, tuple[int, int]] = {}


@dataclass(frozen=True)
class Check:
    """One thing that a judge tried."""

    name: str
    passed: bool
    reason: str = ""


@pytest.fixture(scope="session")
def cast(box: Box) -> dict[str, Any]:
    """Return what was made for each judge."""
    printed = box.python(f"from tests.judges import cast; cast.appear({JUDGES!r})")
    made: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return {name: found | {"issuer": box.portal, "api": box.api} for name, found in made.items()}


@pytest.fixture(scope="session")
def node() -> str:
    """Return Node, which comes with the test requirements, once it has the judges from npm."""
    program, npm = (str(Path(sys.executable).with_name(name)) for name in ("node", "npm"))
    stamp, wanted = HERE / "node_modules/.package-lock.json", HERE / "package-lock.json"
    with (Path(tempfile.gettempdir()) / "trellis-judges.lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)  # Both sides of the suite want them.
        _install(npm, stamp, wanted)
    return program


def _install(npm: str, stamp: Path, wanted: Path) -> None:
    if not stamp.exists() or stamp.stat().st_mtime < wanted.stat().st_mtime:
        argv = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(HERE)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)  # noqa: S603 - npm
        if done.returncode:
            pytest.fail(f"npm could not install the judges:\n{done.stderr[-2000:]}")
        stamp.touch()


@pytest.fixture
def judge(node: str, cast: dict[str, Any]) -> Iterator[Callable[[str], list[Check]]]:
    """Return what runs a judge written in JavaScript."""
    with Browsers() as browsers:

        def run(name: str) -> list[Check]:
            facts = cast[name] | {"browser": browsers.serve(cast[name])}
            done = subprocess.run(  # noqa: S603 - our own program
                [node, str(HERE / f"{name}.mjs")],
                input=json.dumps(facts),
                capture_output=True,
                text=True,
                timeout=100,
                env={"PATH": os.environ["PATH"]},
                check=False,
            )
            assert done.returncode == 0, done.stderr[-3000:]
            return score(name, [Check(**said) for said in json.loads(done.stdout)])

        yield run


def score(name: str, checks: list[Check]) -> list[Check]:
    """Note how many checks a judge's client passed."""
    SCORES[name] = sum(check.passed for check in checks), len(checks)
    return checks


def failures(checks: list[Check]) -> list[str]:
    """Return what did not pass, and why."""
    return [f"{check.name}: {check.reason}" for check in checks if not check.passed]


class Trial:
    """Checks of a judge that is written in Python: each is tried, whatever became of another."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.checks: list[Check] = []

    @contextmanager
    def check(self, name: str) -> Iterator[None]:
        """Try one thing."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, it counts against us
            self.checks.append(Check(name, passed=False, reason=f"{type(error).__name__}: {error}"))
        else:
            self.checks.append(Check(name, passed=True))

    def ends(self, *, at_least: int) -> None:
        """Say the score, and fail unless everything passed."""
        score(self.name, self.checks)
        assert failures(self.checks) == []
        assert len(self.checks) >= at_least


class Browsers:
    """Lets programs send a person somewhere: POST {url, allow, leave, stranger}."""

    def __init__(self) -> None:
        self.open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.open.close()

    def serve(self, facts: dict[str, Any]) -> str:
        """Return the address of a browser at which ``facts`` says who sits."""
        person = self.open.enter_context(someone(facts))
        one_at_a_time = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                stranger = asked.pop("stranger", False)
                with one_at_a_time, ExitStack() as leaving:
                    who = leaving.enter_context(someone(facts)) if stranger else person
                    try:
                        status, said = 200, json.dumps(vars(who.visit(**asked)))
                    except Exception as error:  # noqa: BLE001 - whatever it is, the judge reports it
                        status, said = 500, f"{type(error).__name__}: {error}"
                self.send_response(status)
                self.end_headers()
                self.wfile.write(said.encode())

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.open.callback(server.server_close)
        self.open.callback(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}/"


def someone(facts: dict[str, Any]) -> Person:
    """Return a person at a browser without cookies."""
    return Person(facts["issuer"], facts["email"], facts["password"])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what each judge has said."""
    if SCORES:
        terminalreporter.section("judges")
        for name, (passed, of) in SCORES.items():
            terminalreporter.line(f"{name:<20} {passed:>3}/{of}")
