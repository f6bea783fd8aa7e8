"""A recording as JSON for programs: `testigo show --json` and `testigo export --json`."""

import dataclasses


def recording_as_data(recording, evidence) -> dict:
    """Everything about a recording but its audio, for programs."""
    columns = {column.name: getattr(recording, column.name) for column in recording.__table__.columns}
    columns["events"] = [[event.name, event.t_ms, *event.fields] for event in recording.events]
    columns["copies"] = {copy.name: copy.result for copy in recording.copies}
    columns["findings"] = [[found.code, found.item, found.text, found.severity] for found in recording.findings]
    columns["evidence"] = dataclasses.asdict(evidence) | {"verdict": evidence.verdict}
    return columns
