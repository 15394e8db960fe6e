"""The console script ``trellis``."""

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence

from box import archive, control, paths, project, prompts
from box.engines import text
from box.errors import BoxError
from box.paths import Home
from box.plan import Options
from box.supervisor import Supervisor

Command = Callable[[Home, argparse.Namespace], int]
LAST_PORT = 65535


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; what goes wrong is one line, and code 1."""
    commands = parser()
    asked, rest = commands.parse_known_args(arguments)
    command: Command = asked.command
    if rest and command is not prompts.psql:
        commands.error(f"unrecognized arguments: {' '.join(rest)}")
    asked.rest = rest
    try:
        return command(paths.find(asked.dir), asked)
    except BoxError as error:
        print(f"trellis: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print(file=sys.stderr)
    except BrokenPipeError:
        sys.stderr.close()
    return 1


def parser() -> argparse.ArgumentParser:
    """Return the commands and their options."""
    main = argparse.ArgumentParser(
        prog="trellis", description="Trellis on one machine: PostgreSQL, Valkey and every process."
    )
    folder = argparse.ArgumentParser(add_help=False)
    folder.add_argument(
        "--dir", help="the box's folder; else TRELLIS_HOME, else .trellis of this project"
    )
    commands = main.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def add(name: str, command: Command, help_: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help_, description=help_, parents=[folder])
        made.set_defaults(command=command)
        return made

    add_up(add("up", up, "start everything, and stay until Ctrl-C"))
    stop = add("down", control.down, "stop the box that runs in this folder")
    stop.add_argument("--wipe", action="store_true", help="then delete its data for good")
    add("status", control.status, "show processes, addresses and versions")
    add("psql", prompts.psql, "talk to PostgreSQL as the owner; takes psql's options")
    apply = add("apply", project.apply, "make upstreams, APIs and plans what a file says")
    apply.add_argument("file", help="such as platform.yaml")
    apply.add_argument("--yes", action="store_true", help="apply the difference without asking")
    apply.add_argument("--dry-run", action="store_true", help="only show the difference")
    breaking = "with --yes: also what breaks programs that call"
    apply.add_argument("--allow-breaking", action="store_true", help=breaking)
    forget = add("purge", project.purge, "let gateways forget the answers they keep of an API")
    forget.add_argument("api", help="its slug, such as books")
    forget.add_argument("tag", nargs="?", default="", help="only answers under this surrogate key")
    keys = add("valkey", prompts.valkey, "talk to Valkey")
    keys.add_argument("words", nargs="*", help="one command, such as PING; a prompt without")
    save = add("backup", archive.backup, "write database and secrets to one file")
    save.add_argument("file", help="the file to write; it must not exist")
    load = add("restore", archive.restore, "bring back what a backup holds")
    load.add_argument("file", help="a file that trellis backup wrote")
    load.add_argument("--force", action="store_true", help="replace data that is there")
    add("env", show_environment, "print what a process needs in its environment, for scripts")
    return main


def add_up(start: argparse.ArgumentParser) -> None:
    """Add the options of ``trellis up``."""
    start.add_argument("--demo", action="store_true", help="fill in demo data and print logins")
    start.add_argument("--host", default="127.0.0.1", help="address to serve on (127.0.0.1)")
    start.add_argument("--web-port", type=port, default=8000, help="the portal's port (8000)")
    start.add_argument("--gateway-port", type=port, default=8080, help="the API's port (8080)")
    start.add_argument(
        "--example-port",
        type=port,
        default=8090,
        help="the example's port, with TRELLIS_EXAMPLES=true (8090)",
    )
    start.add_argument(
        "--gateways",
        type=int,
        choices=range(1, 17),
        default=1,
        metavar="N",
        help="gateway processes, on as many ports from --gateway-port on (1)",
    )


def port(text: str) -> int:
    """Read the number of a port."""
    if not text.isdecimal() or not 0 < int(text) <= LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port")
    return int(text)


def up(home: Home, asked: argparse.Namespace) -> int:
    """Start everything, and stay."""
    options = Options(
        host=asked.host,
        web_port=asked.web_port,
        gateway_port=asked.gateway_port,
        gateways=asked.gateways,
        demo=asked.demo,
        example_port=asked.example_port,
        examples=text("TRELLIS_EXAMPLES") == "true",
    )
    Supervisor(home, options).run()
    return 0


def show_environment(home: Home, asked: argparse.Namespace) -> int:
    """Print exports for a shell: eval "$(trellis env)"."""
    for name, value in sorted(control.environment(home).items()):
        print(f"export {name}={shlex.quote(value)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
