"""Traefik: forward authentication, then a rate limit."""

import json
from pathlib import Path

from benchmarks.rivals.environment import PROGRAMS


def rival(folder: Path, *, port: int, behind: int, door: int, narrow: str) -> list[str]:
    """Write its configuration (YAML reads JSON too); return the command that starts it."""
    place = folder / f"traefik-{port}"
    place.mkdir()
    dynamic = place / "dynamic.yaml"
    dynamic.write_text(json.dumps(_dynamic(behind, door, narrow)))
    static = place / "traefik.yaml"
    static.write_text(
        json.dumps(
            {
                "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
                "log": {"level": "ERROR"},
                "entryPoints": {"web": {"address": f"127.0.0.1:{port}"}},
                "providers": {"file": {"filename": str(dynamic)}},
            }
        )
    )
    return [str(PROGRAMS / "traefik"), f"--configFile={static}"]


def _dynamic(behind: int, door: int, narrow: str) -> dict[str, object]:
    by_key = {"requestHeaderName": "Authorization"}
    limits = {
        "wide": {"average": 100_000, "burst": 100_000, "sourceCriterion": by_key},
        "narrow": {"average": 3, "period": "1m", "burst": 3, "sourceCriterion": by_key},
    }
    middlewares: dict[str, object] = {name: {"rateLimit": limit} for name, limit in limits.items()}
    middlewares["door"] = {"forwardAuth": {"address": f"http://127.0.0.1:{door}/"}}
    behind_it = {"loadBalancer": {"servers": [{"url": f"http://127.0.0.1:{behind}"}]}}
    return {
        "http": {
            "routers": {
                "wide": {
                    "rule": "PathPrefix(`/`)",
                    "priority": 1,
                    "middlewares": ["door", "wide"],
                    "service": "behind",
                },
                "narrow": {
                    "rule": f"Header(`Authorization`, `Bearer {narrow}`)",
                    "priority": 2,
                    "middlewares": ["door", "narrow"],
                    "service": "behind",
                },
            },
            "middlewares": middlewares,
            "services": {"behind": behind_it},
        }
    }
