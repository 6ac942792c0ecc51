# SPDX-License-Identifier: Apache-2.0
"""Checks documents against docs/schemas, with as much of JSON Schema as those files use."""

from __future__ import annotations

import json
import re
from typing import Any

from .host import REPOSITORY

SCHEMAS = REPOSITORY / "docs/schemas"
KNOWN = {"$schema", "title", "description", "type", "required", "properties", "items", "const",
         "enum", "minimum", "maximum", "pattern"}
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "integer": int,
    "number": (int, float), "boolean": bool, "null": type(None)}


def _has_type(value: Any, names: list[str]) -> bool:
    if isinstance(value, bool):
        return "boolean" in names
    return any(isinstance(value, TYPES[name]) for name in names)


def _problems(value: Any, schema: dict[str, Any], where: str) -> list[str]:
    assert set(schema) <= KNOWN, f"{where}: this check does not know {set(schema) - KNOWN}"
    if "const" in schema and value != schema["const"]:
        return [f"{where}: {value!r} is not {schema['const']!r}"]
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not _has_type(value, kinds):
        return [f"{where}: {value!r} is not of type {' or '.join(kinds)}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{where}: {value!r} is not one of {schema['enum']}"]
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        return [f"{where}: {value!r} does not match {schema['pattern']}"]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            return [f"{where}: {value} is out of range"]
    return _inner_problems(value, schema, where)


def _inner_problems(value: Any, schema: dict[str, Any], where: str) -> list[str]:
    problems: list[str] = []
    if isinstance(value, dict):
        described = schema.get("properties", {})
        problems += [f"{where}: {name} is missing" for name in schema.get("required", [])
                     if name not in value]
        # Scripts must skip what they do not know; a schema of ours must know all of it.
        problems += [f"{where}: {name} is not described" for name in value
                     if name not in described]
        for name in set(value) & set(described):
            problems += _problems(value[name], described[name], f"{where}.{name}")
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            problems += _problems(item, schema["items"], f"{where}[{index}]")
    return problems


def check(line: str, expected: str | None = None) -> dict[str, Any]:
    """The document of one line, which must match the schema that its "reply" names."""
    document = json.loads(line)
    name = document["reply"]
    assert expected in (None, name), f"expected a document {expected}, got {name}"
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    problems = _problems(document, schema, name)
    assert not problems, "\n".join(problems)
    return document
