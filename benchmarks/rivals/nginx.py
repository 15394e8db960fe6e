"""nginx: as the service behind everybody, and as a rival that asks with ``auth_request``."""

from pathlib import Path

from benchmarks.servers import NGINX

BODY = '{"object":"order","id":"ord_0000000000000000000000","state":"paid","total":12900}'


def upstream(folder: Path, *, port: int) -> list[str]:
    """Return the command of a service that answers at once, with the same order every time."""
    return _written(
        folder / f"upstream-{port}",
        workers=1,
        web=f"""
            server {{
                listen 127.0.0.1:{port} backlog=1024;
                default_type application/json;
                location / {{ return 200 '{BODY}'; }}
            }}
        """,
    )


def rival(
    folder: Path, *, port: int, behind: int, door: int, keys: tuple[str, str], workers: int
) -> list[str]:
    """Return the command of an nginx that asks a door service, and counts each key's requests."""
    wide, narrow = keys
    return _written(
        folder / f"nginx-{workers}",
        workers=workers,
        web=f"""
            upstream behind {{ {_kept(behind)} }}
            upstream door {{ {_kept(door)} }}
            map_hash_bucket_size 128;
            map $http_authorization $wide {{ "Bearer {wide}" wide; }}
            map $http_authorization $narrow {{ "Bearer {narrow}" narrow; }}
            limit_req_zone $wide zone=wide:1m rate=1000000r/s;
            limit_req_zone $narrow zone=narrow:1m rate=3r/m;
            limit_req_status 429;
            server {{
                listen 127.0.0.1:{port} backlog=1024;
                location / {{
                    auth_request /_door;
                    limit_req zone=wide burst=100000 nodelay;
                    limit_req zone=narrow burst=2 nodelay;
                    proxy_pass http://behind;
                    proxy_http_version 1.1;
                    proxy_set_header Connection "";
                }}
                location = /_door {{
                    internal;
                    proxy_pass http://door;
                    proxy_http_version 1.1;
                    proxy_pass_request_body off;
                    proxy_set_header Connection "";
                    proxy_set_header Content-Length "";
                }}
            }}
        """,
    )


def passing(folder: Path, *, port: int, behind: int) -> list[str]:
    """Return the command of an nginx that passes everything on and decides nothing."""
    return _written(
        folder / f"passing-{port}",
        workers=1,
        web=f"""
            upstream behind {{ {_kept(behind)} }}
            server {{
                listen 127.0.0.1:{port};
                location / {{
                    proxy_pass http://behind;
                    proxy_http_version 1.1;
                    proxy_set_header Connection "";
                }}
            }}
        """,
    )


def _kept(port: int) -> str:
    """Return the lines of a server whose connections are used again and again."""
    return f"server 127.0.0.1:{port}; keepalive 64; keepalive_requests 1000000000;"


def _written(folder: Path, *, workers: int, web: str) -> list[str]:
    """Write a configuration; return the command that starts it."""
    folder.mkdir()
    assert NGINX is not None  # noqa: S101 - whoever asks has looked
    stores = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = folder / "nginx.conf"
    configuration.write_text(f"""
        daemon off; worker_processes {workers}; pid {folder}/pid;
        events {{ worker_connections 1024; }}
        http {{
            access_log off; client_body_temp_path {folder}/body; {stores}
            keepalive_requests 1000000000;
            {web}
        }}
    """)
    return [NGINX, "-c", str(configuration), "-e", str(folder.with_suffix(".log"))]
