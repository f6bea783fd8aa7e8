"""The agreement with a company that records or keeps for the controller: its data, and the obligations of GDPR article 28
(once LOPD article 12), each with what the system does for it."""

from testigo_vault.compliance.facts import ComplianceFacts
from testigo_vault.compliance.rendering import render
from testigo_vault.errors import VaultError
from testigo_vault.reports.blocks import Report


def report(facts: ComplianceFacts, language: str) -> Report:
    """Raises VaultError where the policy names no processor."""
    if facts.policy.processor is None:
        raise VaultError(
            f"{facts.policy.path.name} names no processor: no other company records or stores for the controller, and no "
            "agreement is needed.",
            "If another company does, add [processor] with name and contact (and address, tax_id, subprocessors).",
        )
    return render("processor_agreement", facts, language)
