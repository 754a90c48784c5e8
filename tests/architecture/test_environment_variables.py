"""What the code reads from its environment is what .env.example explains."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READERS = [*sorted((ROOT / "mood_music/settings").glob("*.py")), ROOT / "gunicorn.conf.py", ROOT / "scripts/serve.py"]
# Given by the system or chosen by whoever starts Python; they are nothing that one writes into .env.
NOT_OURS = {"PATH", "DJANGO_SETTINGS_MODULE"}


def variables_read(source: str) -> Iterator[str]:
    """Yield the names that a module asks `env` or `os.environ` for."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args and re.match(r"env\b|os\.environ\b", ast.unparse(node.func)):
            name: ast.expr = node.args[0]
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
            name = node.slice
        else:
            continue
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            yield name.value


def test_env_example_lists_exactly_the_variables_that_are_read():
    read = {name for path in READERS for name in variables_read(path.read_text())}
    read |= set(re.findall(r"\$\{(\w+)", (ROOT / "Procfile").read_text()))
    listed = re.findall(r"^#?([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(read - NOT_OURS)


def test_every_way_to_read_a_variable_is_seen():
    source = """
a = env("ONE"); b = env.int("TWO", 3); c = os.environ["THREE"]; d = os.environ.get("FOUR", f"{os.environ['FIVE']}")
e = other("SIX")
"""
    assert sorted(variables_read(source)) == ["FIVE", "FOUR", "ONE", "THREE", "TWO"]


def test_only_secrets_have_a_value_in_env_example_and_it_is_a_placeholder():
    text = (ROOT / ".env.example").read_text()
    secrets = ["SECRET_KEY=<generated>", "FIELD_ENCRYPTION_KEYS=<generated>"]
    assert re.findall(r"^[^#\s].*", text, re.MULTILINE) == secrets
