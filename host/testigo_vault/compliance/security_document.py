"""The security document (RD 1720/2007 article 88): scope, people, files, incidents, recovery, each measure of articles 87 and
89 to 104 with what the system does and with its real settings, and the periodic controls.

The regulation belonged to the former law. Many organisations still use its high level as the measures of GDPR article 32.
"""

from testigo_vault.compliance.facts import ComplianceFacts
from testigo_vault.compliance.measures import measure_facts
from testigo_vault.compliance.rendering import render
from testigo_vault.reports.blocks import Report


def report(facts: ComplianceFacts, language: str) -> Report:
    return render("security_document", facts, language, measures=measure_facts(facts, language))
