"""What a process tree costs: CPU from /proc, load from wrk or from a small generator of our own."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from box import processes

TICK = os.sysconf("SC_CLK_TCK")
UNITS = {"s": 1, "m": 60, "h": 3600}  # in which wrk tells how long it took
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


@dataclass(frozen=True)
class Load:
    """What the load generator saw."""

    requests: int
    seconds: float
    wrong: int  # answers with another status than expected, and errors


@dataclass(frozen=True)
class Sample:
    """One round: requests per second, and CPU microseconds per request of each process tree."""

    rate: float
    cpu: dict[str, float]
    wrong: int

    @property
    def total(self) -> float:
        """Return the CPU microseconds of everything together."""
        return sum(self.cpu.values())


def pin(pid: int, core: int) -> None:
    """Keep a process tree on one core, where there are two: 0 for servers, -1 for the load."""
    if len(CORES) > 1:
        for process in _tree(pid):
            for thread in Path(f"/proc/{process}/task").iterdir():
                os.sched_setaffinity(int(thread.name), {CORES[core]})


@contextmanager
def beside(cores: Sequence[int]) -> Iterator[None]:
    """Keep this process on some cores for a while, where there are several."""
    if len(CORES) > 1:
        os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        if len(CORES) > 1:
            os.sched_setaffinity(0, CORES)


def cpu(pid: int) -> float:
    """Return the CPU seconds that a process and its living children have used."""
    return sum(_stat(process)[1] for process in _tree(pid))


def memory(pid: int) -> float:
    """Return the megabytes of memory that the largest process of a tree holds."""
    held = (_status(process, "VmRSS") for process in _tree(pid))
    return max(held) / 1024


def _status(pid: int, name: str) -> int:
    """Return a number of a process's status; 0 when it is gone."""
    try:
        found = re.search(
            rf"^{name}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE
        )
    except OSError:
        return 0
    return int(found[1]) if found else 0


def _tree(pid: int) -> list[int]:
    """Return a process and everything below it."""
    parents = {int(at.name): _stat(int(at.name))[0] for at in Path("/proc").glob("[0-9]*")}
    found = [pid]
    for process in found:
        found += [child for child, parent in parents.items() if parent == process]
    return found


def _stat(pid: int) -> tuple[int, float]:
    """Return a process's parent and the CPU seconds that it has used; zeros when it is gone."""
    try:
        # After the name, which may hold anything: state, parent, and 9 fields on, the times.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0, 0.0
    return int(fields[1]), (int(fields[11]) + int(fields[12])) / TICK


@dataclass(frozen=True)
class Asked:
    """What a load generator shall do. ``script`` is one of wrk's, which makes the requests."""

    url: str
    header: str
    expected: int
    seconds: float
    connections: int
    pinned: bool = True
    script: str = ""


def round_of(
    url: str,
    servers: Mapping[str, int],
    *,
    header: str,
    expected: int,
    seconds: float,
    connections: int,
    pinned: bool = True,
) -> Sample:
    """Load ``url`` for some seconds, and weigh the servers (name -> process).

    ``pinned`` keeps the load on a core of its own.
    """
    asked = Asked(url, header, expected, seconds, connections, pinned=pinned)
    before = {name: cpu(pid) for name, pid in servers.items()}
    seen = load(asked)
    used = {name: cpu(pid) - before[name] for name, pid in servers.items()}
    count = max(seen.requests, 1)
    each = {name: value / count * 1e6 for name, value in used.items()}
    return Sample(seen.requests / seen.seconds, each, seen.wrong)


def middle(samples: list[Sample]) -> Sample:
    """Return the median of several rounds, figure by figure."""
    return Sample(
        rate=median(sample.rate for sample in samples),
        cpu={name: median(s.cpu[name] for s in samples) for name in samples[0].cpu},
        wrong=sum(sample.wrong for sample in samples),
    )


def load(asked: Asked) -> Load:
    """Send requests one after the other on every connection."""
    if program := shutil.which("wrk"):
        return _wrk(program, asked)
    return asyncio.run(_own(asked))


def _wrk(program: str, asked: Asked) -> Load:
    argv = [program, "-t1", f"-c{asked.connections}", f"-d{asked.seconds:.0f}s", "--timeout", "10s"]
    argv += ["-H", asked.header, asked.url] if asked.header else [asked.url]
    if asked.script:
        argv += ["-s", asked.script]
    alone = asked.pinned and len(CORES) > 1 and shutil.which("taskset")
    pinned = ["taskset", "-c", str(CORES[-1])] if alone else []
    said = subprocess.run([*pinned, *argv], capture_output=True, text=True, check=True).stdout  # noqa: S603 - a fixed program
    return heard(said, asked.expected)


def heard(said: str, expected: int) -> Load:
    """Read what wrk says at its end."""
    [(requests, taken, unit)] = re.findall(r"(\d+) requests in ([\d.]+)([smh])", said)
    seconds = float(taken) * UNITS[unit]
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    unlike = int(refused[1]) if refused else 0
    wrong = unlike if expected < 400 else int(requests) - unlike  # noqa: PLR2004 - an error
    errors = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    failed = sum(map(int, errors.groups())) if errors else 0
    return Load(int(requests), seconds, wrong + failed)


async def _own(asked: Asked) -> Load:
    """Do what wrk does, slower: good enough to weigh servers, not to find their limit."""
    address, _, path = asked.url.removeprefix("http://").partition("/")
    host, _, port = address.partition(":")
    lines = [f"GET /{path} HTTP/1.1", f"Host: {address}", *([asked.header] if asked.header else [])]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    counts, wrong = [0], [0]
    until = time.monotonic() + asked.seconds

    async def caller() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        while time.monotonic() < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            await reader.readexactly(int(length[1]) if length else 0)
            counts[0] += 1
            wrong[0] += int(head.split(b" ", 2)[1]) != asked.expected
        writer.close()

    began = time.monotonic()
    await asyncio.gather(*(caller() for _ in range(asked.connections)))
    return Load(counts[0], time.monotonic() - began, wrong[0])


class Server:
    """A server under test, in a process tree of its own."""

    def __init__(self, name: str, argv: list[str], environment: dict[str, str], log: Path) -> None:
        self.name = name
        with log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own servers
                argv,
                env=environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=processes.dies_with_parent(signal.SIGTERM),  # noqa: PLW1509 - no threads
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def granian(interface: str, target: str, port: int, *more: str) -> list[str]:
    """Return how every server here is started: granian, as ``trellis up`` starts it."""
    argv = [sys.executable, "-m", "granian", "--interface", interface, "--port", str(port)]
    return [*argv, "--http", "1", "--log-level", "warning", *more, target]
