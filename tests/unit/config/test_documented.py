"""docs/reference/settings.md names every variable that the code reads, and no other."""

import ast
import re
from pathlib import Path

from django.conf import settings

ROOT = Path(__file__).resolve().parents[3]
READERS = {"text", "integer", "number", "boolean", "names", "choice", "key", "keys", "parse", "networks"}


def variables_read():
    """The first argument of every call of a reader in config/."""
    nodes = (node for path in (ROOT / "config").rglob("*.py") for node in ast.walk(ast.parse(path.read_text())))
    calls = [node for node in nodes if isinstance(node, ast.Call) and reader(node) in READERS and node.args]
    firsts = [call.args[0] for call in calls]
    return {first.value for first in firsts if isinstance(first, ast.Constant) and first.value.isupper()}


def reader(call):
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def test_settings_documented():
    text = (ROOT / "docs/reference/settings.md").read_text()
    documented = re.findall(r"^\| `([A-Z0-9_]+)`(?: \*)? \|", text, re.MULTILINE)
    assert set(documented) == variables_read() | set(settings.RATES)
    assert len(documented) == len(set(documented))


def test_commands_documented():
    text = (ROOT / "docs/reference/commands.md").read_text()
    commands = {path.stem for path in ROOT.glob("*/management/commands/[a-z]*.py")}
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    missing = {f"manage.py {name}" for name in commands} | {f"make {name}" for name in targets}
    assert {name for name in missing if name not in text} == set()


def test_only_env_reads_the_environment():
    """A variable read elsewhere would escape both the documentation and the check of its value."""
    allowed = {"config/env.py", "config/embedded/servers.py"}
    # What the operating system and make say of themselves is no setting.
    harmless = re.compile(
        r"os\.environ\.(setdefault\(\"DJANGO_SETTINGS_MODULE|get\(\"PATH)|\"MAKELEVEL\" in os\.environ"
    )
    for path in [
        *ROOT.glob("config/**/*.py"),
        *(p for app in ("countries", "federation", "api") for p in ROOT.glob(f"{app}/**/*.py")),
    ]:
        if str(path.relative_to(ROOT)) not in allowed:
            assert not re.search(r"os\.(environ|getenv)", harmless.sub("", path.read_text())), path
