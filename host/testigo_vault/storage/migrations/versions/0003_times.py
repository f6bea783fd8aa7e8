"""Length and place in time of a recording, which do not rest on the appliance's clock.

Recordings that are in the index get times from what is there; `testigo vault reindex` makes them exact.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIMES = ("length_ms", "placed_ms", "earliest_ms", "latest_ms")
TOLERANCE_MS = 300_000
FRAME_MS = 240

_TRUSTED = f"""
UPDATE recording SET time_trusted = true
WHERE state = 'good' AND clock = 2 AND opened_ms > 0 AND opened_ms <= stored_ms + {TOLERANCE_MS}
"""
_PLACED = """
UPDATE recording SET placed_ms = opened_ms, earliest_ms = opened_ms, latest_ms = opened_ms WHERE time_trusted
"""
_BOUNDS = """
UPDATE recording SET
  earliest_ms = coalesce((SELECT max(one.opened_ms) FROM recording AS one
    WHERE one.device_id = recording.device_id AND one.number < recording.number AND one.time_trusted), 0),
  latest_ms = coalesce((SELECT min(one.opened_ms) FROM recording AS one
    WHERE one.device_id = recording.device_id AND one.number > recording.number AND one.time_trusted), stored_ms)
WHERE NOT time_trusted
"""
_BETWEEN = """
UPDATE recording SET
  latest_ms = CASE WHEN latest_ms < earliest_ms THEN earliest_ms ELSE latest_ms END,
  placed_ms = CASE WHEN earliest_ms > 0 THEN earliest_ms ELSE latest_ms END
WHERE NOT time_trusted
"""
_LENGTH = """
UPDATE recording SET
  length_exact = reason <> 'power-loss',
  length_ms = coalesce((SELECT max(t_ms) FROM event WHERE recording_id = recording.id), 0)
"""
# What follows the consent of a call that a power cut ended: header and two keys items are no frames, and each event is one item.
_CUT = f"""
UPDATE recording SET
  length_ms = length_ms + {FRAME_MS} * (items - 3 - (SELECT count(*) FROM event WHERE recording_id = recording.id))
WHERE reason = 'power-loss' AND audio = 'present'
  AND items > 3 + (SELECT count(*) FROM event WHERE recording_id = recording.id)
"""


def upgrade() -> None:
    for name in TIMES:
        op.add_column("recording", sa.Column(name, INT, nullable=False, server_default="0"))
    for name in ("length_exact", "time_trusted"):
        op.add_column("recording", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    for statement in (_TRUSTED, _PLACED, _BOUNDS, _BETWEEN, _LENGTH, _CUT):
        op.execute(statement)
    op.drop_index("recording_opened", table_name="recording")
    op.create_index("recording_placed", "recording", ["placed_ms", "device_id", "number"], unique=False)
    op.create_index("recording_latest", "recording", ["latest_ms"], unique=False)


def downgrade() -> None:
    op.drop_index("recording_latest", table_name="recording")
    op.drop_index("recording_placed", table_name="recording")
    op.create_index("recording_opened", "recording", ["opened_ms"], unique=False)
    for name in (*TIMES, "length_exact", "time_trusted"):
        op.drop_column("recording", name)
