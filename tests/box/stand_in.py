"""``trellis`` with small programs in the place of Trellis's own, to test the box alone.

Run as a program: ``python stand_in.py up --dir …``. Each program says what it was given and serves
until it is told to stop. ``STUBBORN=1``: the worker does not listen to that, as a hung one would
not. ``CRASH=web``: the portal never starts.
"""

import os
import sys

from box import cli, plan
from box.paths import Home
from box.plan import Options, Task

SERVE = """
import http.server, os, sys
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *ignored): pass
print("serving for", os.environ["DATABASE_URL"], flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Health).serve_forever()
"""
WORK = """
import os, signal, subprocess, sys, time
if os.environ.get("STUBBORN"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("working", flush=True)
while True: time.sleep(1)
"""
MIGRATE = """
import os, psycopg
with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS note (line text)")
    connection.execute("GRANT SELECT, INSERT ON note TO trellis_app")
print("migrated", flush=True)
"""
CRASH = "import sys; sys.exit('there is no such module')"


def tasks(home: Home, environment: dict[str, str], options: Options) -> list[Task]:
    def serve(name: str, port: int) -> Task:
        argv = [
            sys.executable,
            "-c",
            CRASH if name == os.environ.get("CRASH") else SERVE,
            str(port),
        ]
        return Task(name, argv, environment, f"http://127.0.0.1:{port}/healthz")

    return [
        serve("web", options.web_port),
        serve("gateway", options.gateway_port),
        Task("worker", [sys.executable, "-c", WORK], environment),
    ]


def main() -> int:
    plan.tasks = tasks
    plan.MIGRATE = [sys.executable, "-c", MIGRATE]
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
