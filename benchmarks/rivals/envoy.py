"""Envoy: its API key filter, then its local rate limit for each key."""

import json
import sys
from pathlib import Path
from typing import Any

ENVOY = str(Path(sys.executable).with_name("envoy"))
EXTENSIONS = "type.googleapis.com/envoy.extensions"
MANAGER = f"{EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager"
ALWAYS = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}


def rival(
    folder: Path, *, port: int, behind: int, keys: tuple[str, str], workers: int
) -> list[str]:
    """Write its configuration; return the command that starts it."""
    configuration = folder / f"envoy-{port}.json"
    listener = {
        "name": "web",
        "address": _address(port),
        "filter_chains": [{"filters": [_manager(keys)]}],
    }
    endpoint = {"endpoint": {"address": _address(behind)}}
    cluster = {
        "name": "behind",
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": "behind",
            "endpoints": [{"lb_endpoints": [endpoint]}],
        },
    }
    resources = {"listeners": [listener], "clusters": [cluster]}
    configuration.write_text(json.dumps({"static_resources": resources}))
    argv = [ENVOY, "-c", str(configuration), "--concurrency", str(workers)]
    log = str(folder / f"envoy-{port}.log")
    return [*argv, "--disable-hot-restart", "--log-level", "warning", "--log-path", log]


def _manager(keys: tuple[str, str]) -> dict[str, Any]:
    route = {"match": {"prefix": "/"}, "route": {"cluster": "behind"}}
    routes = {"virtual_hosts": [{"name": "web", "domains": ["*"], "routes": [route]}]}
    filters = [
        _filter("api_key_auth", "ApiKeyAuth", _keys(keys)),
        _filter("local_ratelimit", "LocalRateLimit", _limits()),
        _filter("router", "Router", {}),
    ]
    manager = {"stat_prefix": "web", "http_filters": filters, "route_config": routes}
    return {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": {"@type": MANAGER, **manager},
    }


def _keys(keys: tuple[str, str]) -> dict[str, Any]:
    return {
        "credentials": [
            {"key": key, "client": client}
            for key, client in zip(keys, ("wide", "narrow"), strict=True)
        ],
        "key_sources": [{"header": "Authorization"}],
        "forwarding": {"header": "x-client", "hide_credentials": True},
    }


def _limits() -> dict[str, Any]:
    by_client = {"request_headers": {"header_name": "x-client", "descriptor_key": "client"}}
    return {
        "stat_prefix": "web",
        "filter_enabled": ALWAYS,
        "filter_enforced": ALWAYS,
        "token_bucket": _bucket(1_000_000, "1s"),
        "rate_limits": [{"actions": [by_client]}],
        "descriptors": [
            _descriptor("wide", _bucket(100_000, "1s")),
            _descriptor("narrow", _bucket(3, "60s")),
        ],
    }


def _bucket(count: int, every: str) -> dict[str, Any]:
    return {"max_tokens": count, "tokens_per_fill": count, "fill_interval": every}


def _descriptor(client: str, bucket: dict[str, Any]) -> dict[str, Any]:
    return {"entries": [{"key": "client", "value": client}], "token_bucket": bucket}


def _filter(name: str, kind: str, settings: dict[str, Any]) -> dict[str, Any]:
    typed = {"@type": f"{EXTENSIONS}.filters.http.{name}.v3.{kind}", **settings}
    return {"name": f"envoy.filters.http.{name}", "typed_config": typed}


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
