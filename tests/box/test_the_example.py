"""The example is a stranger's program: run only when asked, and told nothing of the platform's."""

from pathlib import Path

from box import plan
from box.paths import Home
from box.plan import Options


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
