"""The proof of consent of one recording (GDPR article 7): what was said, to whom, how far, which key, when, by which
policy; drawn from the sealed events, and from nothing else."""

from dataclasses import dataclass, field

from testigo_vault.indexing import UNLAWFUL
from testigo_vault.models import Recording


@dataclass
class Notice:
    leg: int
    language: str
    name: str
    digest: str
    played_ms: int
    total_ms: int
    completed: bool
    at_ms: int


@dataclass
class Evidence:
    policy_version: int = 0
    policy_digest: str = ""
    mode: str = ""
    rule: str = ""
    notices: list[Notice] = field(default_factory=list)
    given: bool = False
    by: str = ""
    key: str = ""
    channel: str = ""
    at_ms: int = -1
    objected_ms: int = -1
    test: bool = False
    unlawful: bool = False

    @property
    def kind(self) -> str:
        """How to show the verdict: good, bad, or neither."""
        if self.unlawful:
            return "bad"
        return "good" if self.given and self.objected_ms < 0 and not self.test else "calm"

    @property
    def verdict(self) -> str:
        if self.unlawful:
            return "Audio was recorded without valid consent."
        if self.test:
            return "A self-test: there was no person to ask."
        if self.objected_ms >= 0:
            return "A party objected. No audio is kept."
        if self.given:
            return "Consent was given before the first sound was recorded."
        return "No consent was given, and nothing was recorded."


def evidence_of(recording: Recording) -> Evidence:
    evidence = Evidence(test=recording.source == "test", unlawful=recording.outcome == UNLAWFUL)
    for event in recording.events:
        fields = event.fields
        if event.name == "policy":
            evidence.policy_version, evidence.policy_digest, evidence.mode, evidence.rule = fields[:4]
        elif event.name == "notice":
            leg, language, notice, digest, played_ms, total_ms, completed = fields
            evidence.notices.append(Notice(leg, language, notice, digest, played_ms, total_ms, completed, event.t_ms))
        elif event.name == "consent":
            _, evidence.given, evidence.by, evidence.key, evidence.channel = fields[:5]
            evidence.at_ms = event.t_ms
        elif event.name == "objection":
            evidence.objected_ms = event.t_ms
    return evidence
