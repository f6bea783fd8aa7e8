"""Texts that the vault makes in English outside the pages and that pages show: errors, alarms, findings, log details.

They are written down in English (in the index, the alarm log and the access log), so a page translates them when it shows
them: it looks for the template that the text was made from, and fills the translated template with the same values.
Babel takes the templates from here into the catalogues. A text without a template is shown in English.

A test compares this list with the sources, so that neither can change alone.
"""

import re


def N_(text: str) -> str:
    """Marks a text for Babel."""
    return text


ERRORS = (
    # identity/users.py
    N_("Name or password is wrong."),
    N_("Try again, or ask the administrator."),
    N_("Too many wrong passwords for this name."),
    N_("Wait {minutes} minutes, or ask the administrator for a new password."),
    # web/sign_in_gate.py, web/pages/sign_in.py
    N_("Too many sign-ins at once."),
    N_("Too many wrong passwords from this address."),
    N_("Wait {seconds} seconds and try again."),
    # playback/unlocked_keys.py, playback/decrypt.py
    N_("Too many wrong audio passphrases."),
    N_("Wait {minutes} minutes."),
    N_("The audio passphrase is wrong; the attempt was logged."),
    N_("Try again."),
    N_("The audio key is locked."),
    N_("Type the audio passphrase first."),
    N_("Give the audio passphrase."),
    N_("This recording is in quarantine."),
    N_("`testigo export --quarantined` on the vault itself opens it, and logs that."),
    N_("No copy of recording {recording} is whole. {reasons}"),
    N_("Copy {name} was changed."),
    N_("Restore one from a backup, then verify."),
    N_("The audio of recording {recording} was destroyed."),
    N_("Its events and consent evidence are still here."),
    N_("Recording {recording} never held audio."),
    N_("See its events for the reason."),
    N_("The audio of recording {recording} is sealed to another key ({keys})."),
    N_("Use that key's passphrase."),
    N_("The audio of recording {recording} does not open: {reason} (item {item})."),
    N_("Run `testigo verify --deep` on it."),
    N_("Recording {recording} is unlawful, as its sound shows: {finding}."),
    N_("It is in quarantine now. `testigo export --quarantined` on the vault itself opens it, and logs that."),
    # recordings/search.py
    N_("{recording} names no recording."),
    N_("Use its id, 6 or more digits of it, or DEVICE/NUMBER."),
    N_("No recording {recording} is in the index."),
    N_("See `testigo list`, or `testigo vault reindex`."),
    N_("{recording} names several recordings: {ids}."),
    N_("Give more digits."),
    # audit/access_log.py
    N_("The access log {path} cannot be written ({reason}), so nothing may be opened."),
    N_("Free space on its disk, or correct its owner."),
    # storage/copies.py
    N_("Copy {name} does not hold {path}."),
    N_("Restore it from another copy."),
    N_("Copy {name} could not read {path}: {reason}."),
    N_("Copy {name} could not take {path}: {reason}."),
    N_("Check its disk or network."),
    N_("Copy {name} gave back other bytes for {path}."),
    N_("Copy {name} has other bytes at {path}, which are not overwritten."),
    N_("Copy {name} could not rename {path}: {reason}."),
    N_("Run `testigo vault repair`; if the index does not have that file, `testigo vault reindex` first."),
    # storage/places.py
    N_("Copy {name} ({url}) is not known to this vault yet: nothing is written to it."),
    N_("Copy {name} ({url}) is not the place that this vault wrote to: {reason}."),
    N_("it has the marker of another place"),
    N_("it has no {marker}, as when its disk is not mounted"),
    N_("Its disk may be failing."),
    # identity/devices.py
    N_("No device {device_id} is registered (known: {names})."),
    N_("Provision it first."),
)

LOG_DETAILS = (
    # web
    N_("from {address}"),
    N_("{reason} From {address}."),
    N_("{wanted} was wanted: {reason}"),
    N_("role does not allow it"),
    N_("from second {second}"),
    N_("bad range: from byte {offset} of {size}"),
    # audit/access_log.py
    N_("after line {line}: {reason}"),
    N_("lines 1 to {last} taken as they are: {words}"),
    # audit/denied_attempts.py
    N_("{count} more attempts of this user, the last one at {time}"),
    N_("{count} more attempts from {address}, the last one at {time}"),
    N_("{count} more attempts from other addresses, the last one at {time}"),
    # playback/unlocked_keys.py
    N_("for {minutes} minutes"),
    # objections/register.py
    N_("not on the list"),
    N_("no entry"),
)

# Details that commands or earlier versions write; they have no values in them.
OTHER_DETAILS = (
    N_("not opened, or its time is over"),
    N_("too many wrong passphrases"),
    N_("wrong passphrase"),
    N_("audio key locked"),
    N_("in quarantine"),
    N_("not done"),
)

# audit/log_file.py, audit/log_check.py, audit/log_lines.py: what is wrong with a line.
LOG_BREAKS = (
    N_("is not a log line ({reason})"),
    N_("cut short"),
    N_("wrong fields"),
    N_("was changed, or a line before it was changed, removed or added"),
    N_("says it is line {number}"),
    N_("is missing: the log had {number} lines and now ends at {last}"),
    N_("is not the line that was written: the log was made anew"),
    N_("has no anchor in the index: the anchor was removed, or the index is another one"),
    N_("is after the last that the index has, line {line}: it was added outside"),
    N_("was not checked: the checkpoint in the index is not one that this vault made"),
    N_("was checked, and is not in the log, which ends at {last}"),
    N_("was not in the index as it was written; the index was made anew"),
    N_("is not where the index has it"),
)

ALARMS = (
    # ingest/admission.py
    N_("{device_id} sent {items} items of audio beside an objection; they were destroyed."),
    N_("{device_id} sent number {number}, the highest before was {highest}."),
    N_("{device_id} number {number}: {findings}"),
    # recordings/judge.py
    N_("{device_id} number {number} is unlawful: {findings}."),
    N_("not as a device sealed it: {findings}"),
    # audit/device_reports.py
    N_("{device_id} had {calls} calls without a recording since {time}: {unrecorded}."),
    N_("{device_id} did not take the {document} version {version}: {reason}."),
    # firmware: recorder/documents/room.py and intake.py
    N_("no room: it needs {needed} KiB, {free} KiB are free, of which {kept} KiB are kept for recordings"),
    N_("not stored: {reason}"),
    N_("signature is not the operator's"),
    N_("The storage of {device_id} was full: number {number} was not recorded to its end."),
    N_("The storage of {device_id} failed: number {number} was not recorded to its end."),
    # audit/device_contacts.py
    N_(
        "{device_id} says that its next number is {number}, and said {previous} before: its storage was replaced or set back."
    ),
    N_("{device_id} has used the numbers below {number}, and these did not come within {hours} hours: {numbers}."),
    N_("{device_id} was last connected on {time}, more than {hours} hours ago."),
    N_("{device_id} was registered on {time} and has not connected yet."),
    # audit/repetition.py, ingest/server.py
    N_("{count} more connections were refused, from {number} addresses; the last: {reason}"),
    N_("{count} more connections of appliances were refused, from {number} addresses; the last: {reason}"),
    N_("Nothing can be taken in: the index cannot be used: {reason}."),
    N_("{device_id} offers number {number} of {size} bytes, which is more than this vault takes."),
    N_("From {address}: {reason}"),
    N_("From {address}: a connection was refused: {reason}."),
    N_("Nothing can be taken in: {reason}."),
    # identity/devices.py
    N_("The certificate {certificate} names no device."),
    N_("Device {device_id} (certificate {certificate}) is not in the register."),
    N_("Device {device_id} was revoked on {revoked}: {reason}."),
    N_("The certificate {certificate} is not the present one of device {device_id}."),
    # recordings/verification.py
    N_("Copy {name} of {device_id} number {number}: {findings}"),
    # recordings/repair.py
    N_("Copy {names} of {device_id} number {number} was damaged or missing, and was repaired."),
    # service.py, watch.py, storage/database.py
    N_("The service does not start: {reason}"),
    N_("The index {url} cannot be written: {reason}."),
    N_("The access log does not hold: line {line} {reason}. See `testigo log verify`."),
    N_("Policy version {version}: {reason}"),
)

# documents/status.py
POLICY_STATES = (
    N_("No policy is signed: appliances connect calls and record nothing."),
    N_("Begins on {date}: until then appliances record nothing."),
    N_("In force, without an end."),
    N_("Ended on {date}: appliances record nothing until another one is signed."),
    N_("Ends on {date}, in {days} days: from then on appliances record nothing."),
    N_("In force until {date}, for {days} days."),
)

FINDINGS = (
    # How a finding is written: recordings/indexing.py, recordings/verification.py
    N_("{code} (item {item}): {finding}"),
    N_("{code} item {item} at byte {offset}: {finding}"),
    N_("{code} item {item}: {finding}"),
    N_("{code}: {finding}"),
    # recordings/indexing.py
    N_("its header says device {device_id}, it came from {sender}"),
    N_("its header has another id than was offered"),
    N_("its header says number {number}, {offered} was offered"),
    N_("its seal names another head than was offered"),
    # recordings/clock_findings.py
    N_("by its clock it began after it was stored here: the clock was ahead"),
    N_("by its clock it began before number {number}: {reason}"),
    N_("that one's clock was ahead"),
    N_("the clock had fallen back, or was set back"),
    N_("by its clock it was closed before it began"),
    N_("another recording with the id {recording} is here already"),
    N_("was set aside when it came in"),
    N_("recording {recording} has the same number {number}"),
    N_("does not name number {number} as the one before it"),
    N_("number {number} names another recording as the one before it"),
    # recordings/rows.py
    N_("torn when the power or the storage failed"),
    # recordings/reader.py, recordings/verification.py
    N_("the signed record of what was erased is missing beside this copy"),
    N_("its events are not sealed to this vault's index key"),
    N_("it has no keys for its events"),
    N_("is not the recording that came in (SHA-256 differs)"),
    # testigo_wire/recording/verifier.py
    N_("{kind} after the seal"),
    N_("{kind} is item {item}"),
    N_("{kind} is not the one that came in"),
    N_("recording 1 names a previous one"),
    N_("number {number} follows {previous}"),
    N_("names another previous recording"),
    N_("second keys of stream {stream}"),
    N_("stream {stream}: {reason}"),
    N_("frame of stream {stream} before its keys"),
    N_("frame {frame} of stream {stream}, where {expected} belongs"),
    N_("{count} items of {items}"),
    N_("no seal after item {item}"),
    N_("audio is left beside items that are gone"),
    N_("{count} items gone, {items} said to be"),
    N_("{count} items were to be erased and are there"),
    N_("the whole recording was to be erased"),
    N_("a record of another recording"),
    N_("stream {stream}: not sealed to those whom the policy names"),
    N_("says another count or head than was signed"),
    N_("is not the device's over this recording and seal"),
    N_("{count} items, {items} were sealed"),
    N_("items {item} and {other} changed places"),
    N_("the items are not those that were sealed"),
    N_("not vouched for by their key: {items}"),
    # testigo_wire/crypto/sframe_open.py, testigo_wire/recording/items.py
    N_("another key"),
    N_("frame cut short"),
    N_("frame does not authenticate"),
    N_("unknown item"),
    # testigo_wire/recording/events.py: the order of events
    N_("{event} goes back in time"),
    N_("{event} out of place: call, then policy, then the rest"),
    N_("worker said to be told before the notice was complete"),
    N_("notice said to be complete was cut short"),
    N_("consent after an objection"),
    N_("consent by another rule than the policy's"),
    N_("consent of a test in a call, or of a call in a test"),
    N_("consent before the notice was complete"),
    N_("consent without the key that the rule asks for"),
    N_("pause while paused"),
    N_("resume without pause"),
    N_("digit kept while paused"),
    N_("audio after an objection"),
    N_("audio before consent"),
    N_("audio while paused"),
    N_("audio before the worker was informed"),
    N_("audio without a policy that allows it"),
    N_("audio without terms"),
    N_("terms again"),
    N_("leg confirmed again"),
    N_("no call event"),
    N_("no policy event"),
    N_("does not say how the media of each leg was confirmed"),
    N_("audio is kept although there was an objection"),
)

TEXTS = (*ERRORS, *LOG_DETAILS, *LOG_BREAKS, *ALARMS, *POLICY_STATES, *FINDINGS)

_NUMBER, _WORD, _ANY = r"\d+", r"\S+", r".+"
# What stands in a placeholder; any text where the name is not here.
_VALUES = {
    "code": r"[a-z]+(?:-[a-z]+)*",
    "kind": r"header|keys|frame|seal|gone",
    "event": r"[a-z_]+",
    "date": r"\d{4}-\d{2}-\d{2}",
    "second": r"[\d.]+",
    **dict.fromkeys(("item", "offset", "number", "offered", "previous", "stream", "frame", "expected"), _NUMBER),
    **dict.fromkeys(
        ("calls", "count", "other", "seconds", "line", "last", "highest", "size", "minutes", "days", "version"), _NUMBER
    ),
    **dict.fromkeys(("device_id", "sender", "name", "recording", "address", "certificate", "revoked"), _WORD),
}
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def _pattern(template: str) -> re.Pattern[str]:
    parts = _PLACEHOLDER.split(template)
    expression = "".join(
        f"(?P<{part}>{_VALUES.get(part, _ANY)})" if index % 2 else re.escape(part) for index, part in enumerate(parts)
    )
    return re.compile(expression, re.DOTALL)


def _fixed_length(template: str) -> int:
    return len(_PLACEHOLDER.sub("", template))


# (template, its pattern), the templates with most text of their own first.
PATTERNS = tuple(
    (template, _pattern(template))
    for template in sorted(TEXTS, key=_fixed_length, reverse=True)
    if _PLACEHOLDER.search(template)
)
