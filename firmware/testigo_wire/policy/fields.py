"""Where the fields of a policy's line, and of its voices, stand in their arrays (docs/formats/documents.md, `policy`)."""

# of a line
NAME, DIRECTION, MODE, BASIS, PURPOSES, RULE, ACCEPT_KEY, OBJECT_KEY, OBJECTION, ORDER = range(10)
NOTICE_LEGS, VOICES, KEY_TIMEOUT, REPEATS, WORKER, WORKER_REFERENCE, TONE, KEYS, PAUSE_LIMIT = range(10, 19)
SCHEDULE, ONLY, EXCEPT, IMPOSSIBLE, MAX_MS, UNRECORDED_NUMBERS, HIGH_LEVEL = range(19, 26)
# of a voice
LANGUAGE, NOTICE, KEY, CALLED = range(4)
