"""A model file can carry code. Keras runs none of it unless it is told to, and nothing here may tell it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ["accounts", "emotion", "ml", "mood_music", "privacy", "recommendations", "scripts", "tests"]


def unsafe_lines(source: str) -> list[int]:
    """Return the lines that load a model with its code allowed."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.keyword(arg="safe_mode", value=ast.Constant(value=True)):
                continue
            case (
                ast.keyword(arg="safe_mode")
                | ast.Attribute(attr="enable_unsafe_deserialization")
                | ast.Name(id="enable_unsafe_deserialization")
                | ast.alias(name="enable_unsafe_deserialization")
            ):
                lines.append(node.lineno)
    return lines


@pytest.mark.parametrize("package", PACKAGES)
def test_no_model_is_loaded_with_its_code_allowed(package):
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    assert {str(path): unsafe_lines(path.read_text()) for path in files if unsafe_lines(path.read_text())} == {}


@pytest.mark.parametrize(
    "source",
    [
        "keras.saving.load_model(path, safe_mode=False)",
        "keras.saving.load_model(path, safe_mode=trusted)",
        "keras.config.enable_unsafe_deserialization()",
        "from keras.config import enable_unsafe_deserialization as x",
    ],
)
def test_each_way_to_allow_it_is_seen(source):
    assert unsafe_lines(source) == [1]
