"""Signs policies and settings, from the TOML files that people write to documents for appliances."""

from datetime import UTC, datetime
from pathlib import Path

from testigo_vault.documents.archive import DocumentFolder, documents_of
from testigo_vault.errors import VaultError
from testigo_vault.identity.organisation import Organisation
from testigo_vault.policy import parser
from testigo_vault.policy.checks import refuse_unfinished
from testigo_vault.policy.compiler import policy_body
from testigo_vault.policy.settings import settings_body
from testigo_vault.policy.source import PolicySource
from testigo_vault.toml.positions import Setting
from testigo_vault.toml.reader import FileProblems, Problem
from testigo_vault.vocabulary.translator import base_language
from testigo_wire.errors import WireError
from testigo_wire.policy import documents as wire_documents

_LANGUAGE = 1  # of a notice's body


def sign_policy(organisation: Organisation, path: Path) -> int:
    """Sign and keep the policy in `path`; its version. Every notice it names must exist, and no placeholder may be left.

    Raises FileProblems, VaultError. The text goes into the archive beside the document.
    """
    source = parser.load(path)
    refuse_unfinished(source, datetime.now(UTC))
    problems = missing_notices(source, documents_of(organisation))
    if problems:
        raise FileProblems(path, problems)
    body = policy_body(source, organisation.recipients())
    return sign_document(
        organisation, documents_of(organisation).policy_path(), "policy", body, str(path), text=source.text
    )


def missing_notices(source: PolicySource, documents: DocumentFolder) -> list[Problem]:
    """Problems of notices that the policy names and that do not exist or are in another language."""
    known = documents.notice_names()
    problems = []

    def check(setting: Setting, name: str, language: str) -> None:
        reason = ""
        if name not in known:
            reason = f"is {name!r}, a notice that does not exist: make it by `testigo notice make {name}`"
        elif language:
            spoken = documents.read(documents.notice_path(name)).body[_LANGUAGE]
            if base_language(spoken) != base_language(language):
                reason = f"is {name!r}, which is in {spoken!r}, not in {language!r}: name another, or make it again"
        if reason:
            problems.append(source.file.problem(setting, reason))

    for i, line in enumerate(source.lines):
        if line.mode != "never":
            for j, voice in enumerate(line.notices):
                check(("lines", i, "notices", j, "notice"), voice.notice, voice.language)
            if line.worker == "notice":
                check(("lines", i, "worker_notice"), line.worker_notice, "")
    return problems


def sign_settings(organisation: Organisation, path: Path, device_id: str) -> int:
    """Sign and keep the settings in `path` for one appliance; their version."""
    place = documents_of(organisation).settings_path(device_id)
    return sign_document(organisation, place, "settings", settings_body(path), str(path))


def sign_document(
    organisation: Organisation,
    path: Path,
    kind: str,
    body: list,
    source: str,
    blobs: dict[str, bytes] | None = None,
    text: str | None = None,
) -> int:
    """Sign a body and save it with its blobs; its version, which is the present one where nothing has changed.

    source: what an error calls it. text: what a policy was signed from, for the archive. Raises VaultError.
    """
    documents = documents_of(organisation)
    with documents.signing():
        held = _present(path)
        if held and held.body == body:
            return held.version  # unchanged
        version = documents.next_version(path)
        try:
            document = organisation.operator_sign(kind, version, body)
        except WireError as error:
            raise VaultError(f"{source}: {error}.", "Correct it and sign again.") from None
        documents.save(path, document, blobs, text)
        return version


def _present(path: Path) -> wire_documents.Document | None:
    """The present document; None where there is none or its format is an earlier one."""
    try:
        return wire_documents.parse(path.read_bytes())
    except (FileNotFoundError, WireError):
        return None
