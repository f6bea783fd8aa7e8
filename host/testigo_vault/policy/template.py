"""The files that `testigo init` writes for people to fill in: a policy and an appliance's settings."""

POLICY_TEMPLATE = """\
# What appliances may record. `testigo policy check` shows what is wrong and what it means, `testigo policy sign` signs it;
# appliances get it at their next sync. docs/policy.md describes every setting; `testigo policy presets` lists complete ones.
# Replace every text that begins with FILL IN: until then nothing is signed.
timezone = "UTC"              # as Europe/Madrid
# valid_until = 2030-12-31    # the last day; without it there is no end

[controller]                  # who decides that calls are recorded
name = {controller}
contact = "FILL IN: how people reach you about their rights"
information = "FILL IN: where the rest of the notice is read, as www.example.com/calls"

[processing]
retention_days = 365          # how long recordings are kept

[numbering]                   # how numbers are dialled where the appliance is
country_code = ""             # as 34
national_prefix = ""          # as 0, where there is one
international_prefix = "00"

# [emergency]                 # calls for help are connected at once and never recorded; this adds to 112 and the like
# numbers = []                # of your own, as of a guard
# outside_prefix = ""         # for an outside line, where it is not 0 or 9

[[lines]]
name = "main"                 # the line's name in an appliance's settings
direction = "both"            # in, out, both
mode = "all"                  # all, on-demand, never
basis = "consent"             # or contract, legal-obligation, vital-interests, public-task, legitimate-interest
purposes = ["proof"]          # quality, proof, training, dispute, survey, contract, security, legal-duty, emergency
rule = "opt-in"               # notify: the notice is enough; opt-out: a key objects; opt-in: a key agrees
accept_key = "1"
object_key = "9"
key_timeout_s = 10
repeats = 1                   # how often the notice is played again while no key comes
worker = "acknowledgement"    # how workers are informed: on paper, by a notice, or by a tone
longest_minutes = 120

[[lines.notices]]             # one for each language; the first is played
language = "en"
notice = "welcome"            # the name given to `testigo notice make`

[[lines.acknowledgements]]    # on file: who took note that calls are recorded, when, and which text
worker = "FILL IN: a name, or all workers of the line"
date = "FILL IN: the day of the signature, as 2026-01-31"
text = "FILL IN: the version of the text"
"""

SETTINGS_TEMPLATE = """\
# How an appliance reaches its network, its telephone lines and this vault. `testigo provision` signs and sends it.
max_calls = 1                 # recorded at the same time: 1 on a board without PSRAM, 2 with PSRAM; 200 at most

[network]
kind = "none"                 # none (the host's own), ethernet, wifi (with ssid and key)

[sync]
kind = "tcp"                  # tcp (with host and port of this vault), serial
host = "127.0.0.1"
port = 5571

[sip]
bind_host = "127.0.0.1"       # the address that telephones reach; "" on a chip: the one that it gets
sip_port = 5060
rtp_first_port = 16384
rtp_last_port = 16484

[sip.near]                    # the worker's side: trunk, register (with a PBX) or registrar (for a telephone)
mode = "trunk"
host = "127.0.0.1"
port = 5062
line = "main"

[sip.far]                     # the other party's side
mode = "trunk"
host = "127.0.0.1"
port = 5064
line = "main"
"""
