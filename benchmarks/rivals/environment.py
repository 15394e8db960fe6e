"""Where the rivals that Trellis does not need itself are installed: an environment of their own."""

from benchmarks.servers import ROOT

PROGRAMS = ROOT / ".venv-rivals" / "bin"


def granian(target: str, port: int, workers: int) -> list[str]:
    """Return how an ASGI application of the rivals is started."""
    argv = [str(PROGRAMS / "python"), "-m", "granian", "--interface", "asgi", "--loop", "uvloop"]
    argv += ["--port", str(port), "--workers", str(workers), "--log-level", "warning"]
    return [*argv, target]
