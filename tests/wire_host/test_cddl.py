"""The CDDL on the pages of docs/formats describes what the code writes: every good vector matches its rule."""

import json
import re
from pathlib import Path

import pytest
from cddl_verifier import Validator

ROOT = Path(__file__).resolve().parents[2]


def validator(page: str) -> Validator:
    text = (ROOT / "docs" / "formats" / f"{page}.md").read_text(encoding="utf-8")
    return Validator("\n".join(re.findall(r"```cddl\n(.*?)```", text, re.DOTALL)))


def vectors(name: str) -> dict:
    return json.loads((ROOT / "tests" / "vectors" / f"{name}.json").read_text(encoding="utf-8"))


def wrong(schema: Validator, rule: str, data: str) -> list[str]:
    return [str(diagnostic) for diagnostic in schema.validate(bytes.fromhex(data), rule).diagnostics]


@pytest.mark.parametrize(
    "recording",
    vectors("recording_1")["good"] + vectors("recording_2")["good"],
    ids=lambda recording: recording["name"],
)
def test_recordings(recording):
    schema = validator("recording")
    header, *items, seal = recording["items"]
    assert wrong(schema, "header", header) == []
    assert [wrong(schema, "item", item) for item in items] == [[]] * len(items)
    assert wrong(schema, "seal", seal) == []
    assert wrong(schema, "item", seal)


@pytest.mark.parametrize("event", vectors("events")["events"], ids=lambda event: event["name"])
def test_events(event):
    assert wrong(validator("events"), event["name"], event["plaintext"]) == []
    assert wrong(validator("events"), "event", event["plaintext"]) == []


@pytest.mark.parametrize("document", vectors("documents")["documents"], ids=lambda document: document["kind"])
def test_documents(document):
    assert wrong(validator("documents"), "document", document["document"]) == []


@pytest.mark.parametrize("record", vectors("erasure")["records"], ids=lambda record: record["name"])
def test_erasures(record):
    assert wrong(validator("erasure"), "erasure", record["record"]) == []


@pytest.mark.parametrize("event", vectors("events")["malformed"], ids=lambda event: event["name"])
def test_malformed_events(event):
    assert wrong(validator("events"), "event", event["plaintext"])
