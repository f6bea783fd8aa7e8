"""Presets as organisations use them, for the tests of the legal requirements: filled in, with notices, signed, installed."""

import re
from typing import Any

from support.branch import NOTICE_MS, Branch, sound
from support.sip.sipp import Caller
from testigo_vault.documents.signing import sign_policy
from testigo_vault.notice import plan as notice_plan
from testigo_vault.notice.audio import NoticeAudio
from testigo_vault.notice.signed import sign_notice
from testigo_vault.policy import parser as policy_parser
from testigo_vault.policy import presets
from testigo_vault.policy.source import PolicySource

FILLED = {"date": "2026-01-31", "timezone": '"Europe/Paris"', "country_code": '"34"', "national_prefix": '""'}


class InstalledPreset:
    """One preset on the branch's appliance. Call `install` first, with what the test wants otherwise."""

    def __init__(self, branch: Branch, name: str) -> None:
        self.branch = branch
        self.name = name
        self.source: PolicySource

    def install(self, more: str = "", **settings: Any) -> None:
        """settings: of the file, as TOML text (key_timeout_s="1"). more: TOML at its end, of the last line."""
        text = presets.text(self.name, "Ejemplo, S.L.")
        for name, value in FILLED.items():
            text = re.sub(rf'^({name} = )"FILL IN[^"]*"', rf"\g<1>{value}", text, flags=re.MULTILINE)
        text = re.sub(r'"FILL IN[^"]*"', '"as written"', text)
        for name, value in settings.items():
            pattern = re.compile(rf"^({name} = ).*$", re.MULTILINE)
            if pattern.search(text):
                text = pattern.sub(rf"\g<1>{value}", text, count=1)
            else:
                text = text.replace("[[lines]]\n", f"[[lines]]\n{name} = {value}\n", 1)
        path = self.branch.organisation.folder / "policy.toml"
        path.write_text(text + more)
        self.source = policy_parser.load(path)
        organisation = self.branch.organisation
        for line in self.source.lines:
            for voice in line.notices:
                words = notice_plan.composed(self.source, notice_plan.for_notice(self.source, voice.notice))
                self._sign_notice(voice.notice, voice.language, words)
            if line.worker_notice:
                self._sign_notice(line.worker_notice, "en", "This call is recorded.")
        sign_policy(organisation, path)
        self.branch.provision()

    @staticmethod
    def audio(name: str) -> NoticeAudio:
        """Of a notice: no two are alike, so that what is heard tells which one was played."""
        seed = sum(name.encode())
        return NoticeAudio(sound(seed, NOTICE_MS), sound(seed + 5000, NOTICE_MS))

    def _sign_notice(self, name: str, language: str, words: str) -> None:
        audio = self.audio(name)
        self.branch.recognise_notices((audio.pcmu, audio.pcma))
        sign_notice(self.branch.organisation, name, language, words, audio)

    @property
    def line(self):
        return self.source.lines[0]

    def caller(self, number: str = "+34600000001") -> Caller:
        """Up to the moment in which the call is recorded: the notice is over, and answered as the preset wants it."""
        return self.answer_notice(Caller(caller=number).invite().answered().talk())

    def answer_notice(self, caller: Caller) -> Caller:
        """Wait for a notice to end, and answer it as the preset requires."""
        caller.notice().pause(200)
        return caller.info(self.line.accept_key) if self.line.rule == "opt-in" else caller
