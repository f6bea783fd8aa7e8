"""Labels for codes that pages show: kinds of access, kinds of alarm, marks in the picture of a call.

The words for codes of policies and recordings are in testigo_vault/vocabulary.
"""

from testigo_vault.web.stored_texts import N_

# The access log names them in English; the command line writes some of them.
ACCESS_KINDS = {
    "sign-in": N_("Sign-in"),
    "sign-out": N_("Sign-out"),
    "list": N_("List recordings"),
    "view": N_("View a recording"),
    "listen": N_("Open sound"),
    "verify": N_("Verify copies"),
    "verify-deep": N_("Verify with the audio key"),
    "unlock-audio": N_("Unlock the audio key"),
    "lock-audio": N_("Lock the audio key"),
    "open-audio": N_("Open a call"),
    "play": N_("Play"),
    "audio": N_("Play"),  # `testigo demo`
    "export": N_("Export"),
    "consent-export": N_("Export a consent receipt"),
    "read-log": N_("Read the access log"),
    "log-accept": N_("Take the access log as it is"),
    "manage-users": N_("Manage accounts"),
    "user-add": N_("Add an account"),
    "user-password": N_("Change a password"),
    "user-roles": N_("Change roles"),
    "user-disable": N_("Disable an account"),
    "revoke-device": N_("Revoke an appliance"),
    "accept-place": N_("Accept a place of copies"),
    "new-index": N_("Begin a new index"),
    "objections-add": N_("Add to the objection list"),
    "objections-remove": N_("Remove from the objection list"),
    "objections-list": N_("Read the objection list"),
    "objections-check": N_("Check the objection list"),
}

ACCESS_OUTCOMES = {"granted": N_("granted"), "denied": N_("denied"), "failed": N_("failed")}

ALARM_KINDS = {
    "quarantine": N_("Quarantine"),
    "unlawful-audio": N_("Audio without consent"),
    "device-refused": N_("Appliance refused"),
    "stranger": N_("Unknown connections"),
    "gap": N_("Missing number"),
    "silent": N_("Silent appliance"),
    "copy": N_("Damaged copy"),
    "index": N_("Index"),
    "access-log": N_("Access log"),
    "policy": N_("Policy"),
    "unrecorded": N_("Calls without a recording"),
    "document-refused": N_("Document not taken"),
    "storage": N_("Storage of an appliance"),
}

MARKS = {
    "notice": N_("Notice played"),
    "consent": N_("Answer to the notice"),
    "objection": N_("Objection"),
    "end": N_("End of the call"),
}

SOUND = {"present": N_("sealed"), "erased": N_("destroyed"), "none": N_("no sound")}
DIRECTIONS = {"in": N_("incoming"), "out": N_("outgoing")}
LINE_DIRECTIONS = {"in": N_("incoming calls"), "out": N_("outgoing calls"), "both": N_("all calls")}
LINE_MODES = {"all": N_("recorded"), "on-demand": N_("recorded on demand"), "never": N_("never recorded")}
REQUEST_REASONS = {
    "part": N_("for a part that the worker wanted to record"),
    "joined": N_("because a party joined"),
}
SIDES = {0: N_("Worker"), 1: N_("Other party")}
