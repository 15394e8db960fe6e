"""What passing bytes on costs by itself: an ASGI application and nginx, which decide nothing.

Both stand before the same backend under the same load as the gateway, and record nothing. They show
how much of the gateway's share belongs to the server, the sockets and waking up, and how much to
what the gateway does.
"""

import os
import shutil
from pathlib import Path
from typing import Any

from gateway.pool import Pool

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
pools: list[Pool] = []


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Send a GET on to TRELLIS_WEB_UPSTREAM with the gateway's own client, and its answer back."""
    if scope["type"] != "http":
        return
    if not pools:
        pools.append(Pool(os.environ["TRELLIS_WEB_UPSTREAM"]))
    lines = [b"GET " + scope["raw_path"] + b" HTTP/1.1", *(b": ".join(h) for h in scope["headers"])]
    head = b"\r\n".join(lines) + b"\r\n\r\n"
    reply = await pools[0].send(head, repeatable=True)
    body = reply.whole()
    await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
    await send({"type": "http.response.body", "body": body})


def nginx(folder: Path, *, port: int, upstream: int) -> list[str]:
    """Write a configuration that passes everything on; return the command that starts it."""
    configuration = folder / "nginx.conf"
    configuration.write_text(f"""
        daemon off; master_process off; pid {folder}/nginx.pid;
        events {{ worker_connections 512; }}
        http {{
            access_log off;
            upstream backend {{ server 127.0.0.1:{upstream}; keepalive 32; }}
            server {{
                listen 127.0.0.1:{port};
                location / {{
                    proxy_pass http://backend;
                    proxy_http_version 1.1;
                    proxy_set_header Connection "";
                }}
            }}
        }}
    """)
    assert NGINX is not None  # noqa: S101 - the caller has looked
    return [NGINX, "-c", str(configuration), "-e", str(folder / "nginx.log")]
