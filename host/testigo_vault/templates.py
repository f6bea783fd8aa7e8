"""The files that `testigo init` writes for people to fill in: a policy and an appliance's settings."""

POLICY_TEMPLATE = """\
# What appliances may record. `testigo policy sign` signs it; appliances get it at their next sync.
controller = {controller}
contact = "write here how people reach you about their rights"
purposes = ["proof of what was agreed"]
valid_from = 2000-01-01
# valid_until = 2030-12-31

[[lines]]
name = "main"                 # the line's name in an appliance's settings
mode = "all"                  # all, on-demand, never
rule = "opt-in"               # notify: the notice is enough; opt-out: a key objects; opt-in: a key agrees
accept_key = "1"
object_key = "9"
order = "notice-first"        # or answer-first
notice_legs = "far"           # or both
notices = ["welcome"]         # names of notices, in the order of their languages
key_timeout_s = 10
repeats = 1                   # how often the notice is played again while no key comes
worker_ack = true             # the workers of this line have acknowledged that calls are recorded
impossible = "connect-unrecorded"   # or refuse-call
longest_minutes = 120
"""

SETTINGS_TEMPLATE = """\
# How an appliance reaches its network, its telephone lines and this vault. `testigo provision` signs and sends it.
max_calls = 2

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
