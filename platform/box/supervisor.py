"""``trellis up``: start everything, keep it running, stop everything."""

import os
import signal
import socket
import time
import urllib.request
from dataclasses import replace
from http import HTTPStatus
from types import FrameType

from box import engines, plan, processes, secrets, state
from box.children import Child, Output, Tail, how, spawn
from box.console import Console
from box.errors import BoxError
from box.paths import Home, Lock, check_room
from box.plan import Options, Task
from box.server import Server

READY_WITHIN = 120.0
GIVE_UP_AFTER = 3  # failures of one program before the box was ever ready
PATIENCE = 5.0  # seconds that programs are given to stop; the servers follow, 10 s in all
PAUSE = 0.05
LOOPBACK = "127.0.0.1"  # The example serves there, whatever --host says.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Servers log every start and stop; a person needs to see what went wrong.
TELLING = ("ERROR:", "FATAL:", "PANIC:", "WARNING:", " # ")


class Supervisor:
    """One run of the box."""

    def __init__(self, home: Home, options: Options) -> None:
        self.home = home
        self.options = options
        self.console = Console()
        self.lock = Lock(home)
        self.engines = engines.Engines(home)
        self.children: list[Child] = []
        self.tails: dict[str, Tail] = {}
        self.state = state.State(processes.Trace.of(0))
        self.stopping = False
        self.hurry = False

    def run(self) -> None:
        """Run until a signal comes. A BoxError is raised when the box cannot run at all."""
        if not self.lock.take():
            raise BoxError(already_running(self.home))
        for number in SIGNALS:
            signal.signal(number, self._on_signal)
        try:
            self._prepare()
            self._start()
            while not self.stopping:
                self._turn()
        finally:
            self._stop()
            self.lock.release()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.hurry = self.stopping
        self.stopping = True

    # -- Starting ------------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Clear up after an earlier run, and check what would stop this one."""
        if left := state.State.read(self.home):
            processes.end(left.processes.values(), patience=PATIENCE)
        check_room(self.home.root)
        self._check_ports()
        self.console.guard(list(secrets.load(self.home).values()))
        self.state = state.State(processes.Trace.of(os.getpid()), ports=list(self.options.ports))
        self.state.write(self.home)
        self.engines = engines.of(self.home)
        for server in self.engines.embedded:  # Under root they keep their data elsewhere.
            check_room(server.account.folder)

    def _check_ports(self) -> None:
        """Refuse a taken port; without its own, the example alone is left out."""
        asked = self.options
        if asked.examples and (why := unusable(LOOPBACK, asked.example_port)):
            self.console.say(
                f"{why}, so the example does not run. Choose another with --example-port; "
                "TRELLIS_EXAMPLES=false leaves it out."
            )
            self.options = replace(asked, examples=False)
        for port, option in self.options.ports.items():
            if why := unusable(asked.host, port):
                other = f"Stop the program that serves it, or choose another port with {option}."
                raise BoxError(f"{why}. {other}")

    def _start(self) -> None:
        for server in self.engines.embedded:
            server.interrupted = lambda: self.stopping
            self._start_server(server)
        self.engines.connect()
        for name, version in self.engines.versions.items():
            self.console.say(f"{name} {version} is ready")
        environment = plan.environment(self.home, self.engines, self.options)
        self.state.versions = self.engines.versions
        self.state.portal_url = environment["TRELLIS_PORTAL_URL"]
        self.state.api_url = environment["TRELLIS_API_URL"]
        self._once("migrate", plan.MIGRATE, environment)
        self.children = [Child(task) for task in self._tasks(environment)]
        for child in self.children:
            if not self.stopping:
                self._start_child(child)
        self._wait_until_ready()
        if self.stopping:
            return
        if self.options.demo:
            self._once("demo", plan.once("seed_demo"), environment, plain=True)
        self.state.ready = True
        self.state.write(self.home)
        self.console.say(f"Ready. Portal {self.state.portal_url} · API {self.state.api_url}")
        self.console.say("Ctrl-C stops everything.")

    def _tasks(self, environment: dict[str, str]) -> list[Task]:
        return plan.tasks(self.home, environment, self.options)

    def _start_server(self, server: Server) -> None:
        server.start()
        self.tails[server.name] = Tail(server.log)
        if server.process is not None:
            self._note(server.name, processes.Trace.of(server.process.pid))

    def _start_child(self, child: Child) -> None:
        child.start()
        if child.trace is not None:
            self._note(child.task.name, child.trace)

    def _note(self, name: str, trace: processes.Trace) -> None:
        self.state.processes[name] = trace
        try:
            self.state.write(self.home)
        except BoxError as error:  # A full disk is no reason to stop what still serves.
            self.console.say(str(error))

    def _once(
        self, name: str, argv: list[str], environment: dict[str, str], *, plain: bool = False
    ) -> None:
        """Run a program to its end; its output is part of the log, or printed as it is."""
        if self.stopping:
            return
        output = Output()
        process = spawn(argv, environment, output)
        running = True
        while running:
            time.sleep(PAUSE)
            running = process.poll() is None  # asked first: then no last line is missed
            for line in output.lines():
                self.console.raw(line) if plain else self.console.say(line, name)
            if self.stopping and running:
                processes.stop(process, (signal.SIGTERM, 2.0), group=True)
        output.close()
        if process.returncode and not self.stopping:
            raise BoxError(f"{name} {how(process.returncode)}: {output.last or 'no reason given'}")

    def _wait_until_ready(self) -> None:
        waiting = [child for child in self.children if child.task.health]
        deadline = time.monotonic() + READY_WITHIN
        while waiting and not self.stopping:
            self._turn()
            for child in self.children:
                if child.failures >= GIVE_UP_AFTER:
                    last = child.output.last if child.output else ""
                    raise BoxError(f"{child.task.name} does not start: {self.console.hide(last)}")
            waiting = [child for child in waiting if not healthy(child)]
            if waiting and time.monotonic() > deadline:
                names = " and ".join(child.task.name for child in waiting)
                raise BoxError(f"{names} did not get ready within {READY_WITHIN:.0f} seconds.")

    # -- Running -------------------------------------------------------------------------------

    def _turn(self) -> None:
        """Relay what was said, and start again what has ended."""
        self._relay()
        for server in self.engines.embedded:
            if server.process is not None and server.process.poll() is not None:
                self._revive(server, server.process.returncode)
        for child in self.children:
            if child.process is not None and not child.running:
                last = child.lines()
                for line in last:
                    self.console.say(line, child.task.name)
                self.console.say(child.bury(), child.task.name)
            elif child.process is None and time.monotonic() >= child.next_try:
                self._start_child(child)
        time.sleep(PAUSE)

    def _relay(self) -> None:
        for child in self.children:
            for line in child.lines():
                self.console.say(line, child.task.name)
        for name, tail in self.tails.items():
            for line in tail.lines():
                if any(word in line for word in TELLING):
                    self.console.say(line, name)

    def _revive(self, server: Server, code: int) -> None:
        self.console.say(f"{how(code)}; starting again", server.name)
        try:
            self._start_server(server)
        except BoxError as error:
            if not self.stopping:
                self.console.say(str(error), server.name)
                time.sleep(1.0)

    # -- Stopping ------------------------------------------------------------------------------

    def _stop(self) -> None:
        """Stop programs first and servers last, and leave no process behind."""
        running = [child for child in self.children if child.running]
        if running:
            self.console.say("Stopping …")
        for child in running:
            if child.process is not None:
                processes.tell(child.process.pid, signal.SIGTERM, group=False)
        deadline = time.monotonic() + PATIENCE
        while any(child.running for child in running) and not self.hurry:
            self._relay()
            if time.monotonic() > deadline:
                break
            time.sleep(PAUSE)
        for child in self.children:
            if child.process is not None:
                processes.tell(child.process.pid, signal.SIGKILL)
                child.process.wait()
        for server in reversed(self.engines.embedded):
            server.stop()
        self.home.state.unlink(missing_ok=True)
        if running:
            self.console.say("Everything has stopped.")


def already_running(home: Home) -> str:
    """Say which box holds the lock of this folder."""
    seen = state.State.read(home)
    where = f" (process {seen.supervisor.pid}, {seen.portal_url})" if seen else ""
    return f"Trellis already runs in {home.root}{where}. Stop it with: trellis down"


def unusable(host: str, port: int) -> str:
    """Say why ``port`` cannot be served on; nothing when it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return f"Port {port} on {host} cannot be used ({error.strerror})"
    return ""


def healthy(child: Child) -> bool:
    """Ask a program whether it is ready."""
    if not child.running:
        return False
    try:
        with urllib.request.urlopen(child.task.health, timeout=2) as answer:  # noqa: S310 - our own server
            return bool(answer.status == HTTPStatus.OK)
    except OSError:  # refused, reset, timed out, or any status that is an error
        return False
