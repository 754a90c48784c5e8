"""Write a copy of all that is held of a person as one ZIP file, as the registry declares it.

Two archives of the same state are equal, byte for byte: rows are ordered, times in the archive are fixed, and nothing
in it says when it was made. Layout, version 1:

    README.txt, index.html                       for people; the page needs no network
    manifest.json, manifest.schema.json          every file with SHA-256, size and rows; what is missing or withheld
    data/<category>/<model>.json, .csv           one object or line a row
    data/<category>/<model>.schema.json          JSON Schema of the JSON file
    media/<category>/...                         pictures
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any

from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.template.loader import render_to_string
from django.utils.dateparse import parse_datetime

from privacy.holdings import file_fields, model_of, rows_of
from privacy.registry import DataCategory, Table, categories
from privacy.subjects import Subject

FORMAT = 1
# The earliest date that a ZIP file can hold: two archives of one state must not differ by when they were written.
EPOCH = (1980, 1, 1, 0, 0, 0)
# Characters from which a cell of the page needs room, or its column becomes a ribbon.
LONG = 24
Progress = Callable[[int], None]


@dataclass(slots=True)
class _Archive:
    """Collect files, and note of each what the manifest says."""

    zip: zipfile.ZipFile
    entries: list[dict[str, Any]] = field(default_factory=list)
    missing: list[dict[str, str]] = field(default_factory=list)

    def add(self, path: str, data: bytes, rows: int | None = None) -> None:
        info = zipfile.ZipInfo(path, EPOCH)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        self.zip.writestr(info, data)
        entry: dict[str, Any] = {"path": path, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        self.entries.append(entry if rows is None else {**entry, "rows": rows})


def archive_write(file: IO[bytes], subject: Subject, progress: Progress) -> None:
    """Write the archive of a subject. `progress` is called with percent done; what it raises ends the work."""
    chosen = [c for c in categories() if c.exported and any(t.fields for t in c.tables)]
    shown = []
    with zipfile.ZipFile(file, "w") as zipped:
        archive = _Archive(zipped)
        for number, category in enumerate(chosen):
            progress(100 * number // len(chosen))
            shown.append({"category": category, "tables": _category_add(archive, category, subject, progress)})
        archive.add("README.txt", render_to_string("privacy/export/README.txt", {"shown": shown}).encode())
        page = {"missing": archive.missing, **_page(shown)}
        archive.add("index.html", render_to_string("privacy/export/index.html", page).encode())
        archive.add("manifest.schema.json", _json(MANIFEST_SCHEMA))
        manifest = {
            "format": FORMAT,
            "files": sorted(archive.entries, key=lambda entry: str(entry["path"])),
            "categories": {c.name: _description(c) for c in chosen},
            "missing": archive.missing,
        }
        archive.add("manifest.json", _json(manifest))


MANIFEST_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "manifest.json",
    "type": "object",
    "properties": {
        "format": {"const": FORMAT, "description": "version of this layout"},
        "files": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "path": {"type": "string"},
                    "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                    "bytes": {"type": "integer", "minimum": 0},
                    "rows": {"type": "integer", "minimum": 0, "description": "of a table, in JSON and in CSV"},
                },
                "required": ["path", "sha256", "bytes"],
                "additionalProperties": False,
            },
        },
        "categories": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {
                    "label": {"type": "string"},
                    "why": {"type": "string"},
                    "basis": {"type": "string"},
                    "retention": {"type": "string"},
                    "seen_by": {"type": "string"},
                    "withheld": {"type": "object", "additionalProperties": {"type": "string"}},
                },
                "required": ["label", "why", "basis", "retention", "seen_by", "withheld"],
                "additionalProperties": False,
            },
        },
        "missing": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"path": {"type": "string"}, "reason": {"type": "string"}},
                "required": ["path", "reason"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["format", "files", "categories", "missing"],
    "additionalProperties": False,
}


def _category_add(
    archive: _Archive, category: DataCategory, subject: Subject, progress: Progress
) -> list[dict[str, Any]]:
    shown = []
    for table in category.tables:
        if not table.fields:
            continue
        base = f"data/{category.name}/{table.model}"
        rows = [_row(table, values) for values in rows_of(table, subject).order_by("pk").values(*table.fields)]
        for name in file_fields(table):
            for row in rows:
                if row[name]:
                    progress(-1)
                    row[name] = _media_add(archive, category, row[name])
        archive.add(f"{base}.json", _json(rows), len(rows))
        archive.add(f"{base}.csv", _csv(table, rows), len(rows))
        archive.add(f"{base}.schema.json", _json(schema_of(table)))
        columns = [name.replace("__", " ").replace("_", " ") for name in table.fields]
        shown.append(
            {
                "name": str(model_of(table)._meta.verbose_name_plural),
                "columns": columns,
                "rows": [[_cell(row[n], n in file_fields(table)) for n in table.fields] for row in rows],
            }
        )
    return shown


def _media_add(archive: _Archive, category: DataCategory, name: str) -> str:
    path = f"media/{category.name}/{name.rsplit('/', 1)[-1]}"
    try:
        with default_storage.open(name, "rb") as stored:
            archive.add(path, stored.read())
    except FileNotFoundError:
        archive.missing.append({"path": path, "reason": "the file was not there when the copy was made"})
    return path


def _row(table: Table, values: dict[str, Any]) -> dict[str, Any]:
    """Return a row as JSON has it: times as ISO 8601 text, ids as text."""
    return dict(json.loads(json.dumps({name: values[name] for name in table.fields}, cls=DjangoJSONEncoder)))


def _json(data: Any) -> bytes:
    return (json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _page(shown: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the page shows, in an order for people: moods and pictures first, what is empty in one line."""
    full = [part for part in shown if any(table["rows"] for table in part["tables"])]
    empty = [part["category"].label for part in shown if part not in full]
    return {"shown": sorted(full, key=lambda part: not part["category"].sensitive), "empty": empty}


def _cell(value: Any, is_file: bool) -> dict[str, Any]:
    text = "" if is_file else _text(value)
    return {"text": text, "picture": value if is_file else "", "long": len(text) > LONG}


def _text(value: Any) -> str:
    """Return a value as the page shows it: rounded and short; the JSON file has it to the last digit."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.3f}".rstrip("0").rstrip(".")
        case dict():
            return ", ".join(f"{name}: {_text(each)}" for name, each in value.items())
        case list():
            return "; ".join(_text(each) for each in value)
    moment = parse_datetime(value) if isinstance(value, str) and len(value) > len("2026-11-25T00:00") else None
    return f"{moment:%Y-%m-%d %H:%M}" if moment else str(value)


def csv_text(value: Any) -> Any:
    """Return a value as it stands in a CSV file: no spreadsheet may take a text for a formula."""
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True)
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _csv(table: Table, rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(table.fields)
    writer.writerows([[csv_text(row[name]) for name in table.fields] for row in rows])
    return text.getvalue().encode()


def _description(category: DataCategory) -> dict[str, Any]:
    return {
        "label": category.label,
        "why": category.why,
        "basis": category.basis.value,
        "retention": category.retention,
        "seen_by": category.seen_by,
        "withheld": {f"{t.model}.{name}": why for t in category.tables for name, why in t.withheld.items()},
    }


_TYPES: tuple[tuple[type[models.Field[Any, Any]], dict[str, Any]], ...] = (
    (models.BooleanField, {"type": "boolean"}),
    (models.FloatField, {"type": "number"}),
    (models.AutoField, {"type": "integer"}),
    (models.IntegerField, {"type": "integer"}),
    (models.DateTimeField, {"type": "string", "format": "date-time"}),
    (models.DateField, {"type": "string", "format": "date"}),
    (models.UUIDField, {"type": "string", "format": "uuid"}),
    (models.JSONField, {}),
)


def _column(table: Table, name: str) -> tuple[models.Field[Any, Any], bool]:
    """Return the model field that a column or lookup ends in, and whether it may be empty: so may each step to it."""
    model: Any = model_of(table)
    fields = []
    for step in name.split("__"):
        fields.append(model._meta.get_field(step))
        model = fields[-1].related_model
    return fields[-1], any(field.null for field in fields)


def schema_of(table: Table) -> dict[str, Any]:
    """Return the JSON Schema of a table's JSON file."""
    properties = {}
    for name in table.fields:
        column, nullable = _column(table, name)
        kind: dict[str, Any] = next(
            (dict(known) for cls, known in _TYPES if isinstance(column, cls)), {"type": "string"}
        )
        kind |= table.shapes.get(name, {})
        if column.choices and "type" in kind:
            kind["enum"] = [value for value, _ in column.flatchoices] + [""] * column.blank
        if nullable and "type" in kind:
            kind["type"] = [kind["type"], "null"]
            kind.get("enum", []).append(None)
        properties[name] = {**kind, "description": str(column.help_text or column.verbose_name)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": table.model,
        "type": "array",
        "items": {
            "type": "object",
            "properties": properties,
            "required": list(table.fields),
            "additionalProperties": False,
        },
    }
