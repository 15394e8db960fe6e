"""The example is a stranger's program: run only when asked, and told nothing of the platform's."""

import socket
from pathlib import Path

from box import plan
from box.paths import Home
from box.plan import Options
from tests.box.conftest import Box


def test_it_is_told_where_its_settings_are_and_no_secret(tmp_path: Path) -> None:
    secret = {"TRELLIS_SECRET_KEY": "s", "DATABASE_URL": "postgresql://s", "VALKEY_URL": "s"}
    options = Options(examples=True, example_port=8191)
    *_, example = plan.tasks(Home(tmp_path), secret, options)
    assert example.name == "example"
    assert not [name for name in example.environment if name.startswith(("TRELLIS", "DATABASE"))]
    assert "VALKEY_URL" not in example.environment
    assert example.argv[-4:] == ["--settings", str(tmp_path / "backoffice.json"), "--port", "8191"]
    assert Path(example.argv[1]).is_file()
    assert options.ports[8191] == "--example-port"


def test_it_does_not_run_unless_asked_for(tmp_path: Path) -> None:
    assert "example" not in {task.name for task in plan.tasks(Home(tmp_path), {}, Options())}
    assert Options().example_url == ""
    assert 8090 not in Options().ports


def test_a_taken_port_costs_the_example_and_nothing_else(box: Box) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        box.environment["TRELLIS_EXAMPLES"] = "true"
        box.options = ["--example-port", str(port)]
        box.up()
        said = box.log.read_text()
        told = Path(f"/proc/{box.traces()['web'].pid}/environ").read_text().split("\0")
    assert (
        f"Port {port} on 127.0.0.1 cannot be used (Address already in use), so the example does "
        "not run. Choose another with --example-port; TRELLIS_EXAMPLES=false leaves it out." in said
    )
    assert "TRELLIS_EXAMPLE_URL=" in told
    assert "Ready." in said
    assert "example" not in box.traces()
