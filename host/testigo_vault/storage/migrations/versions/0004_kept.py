"""Receipt or refusal as a column, and what each appliance said last of its numbers.

Until now a refusal was told by the beginning of `why`, or by an id that is made of the digest. An appliance that has recordings
here is taken as heard of when the last one was stored.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_REFUSED = """
UPDATE recording SET answer = 'refused'
WHERE state = 'quarantined' AND (why LIKE 'not as a device sealed it: %' OR id = substr(sha256, 1, 32))
"""
_CONTACTS = """
INSERT INTO device_contact (device_id, last_ms, next_number, awaited_number, awaited_by_ms, due_number, silent_ms)
SELECT device_id, max(stored_ms), max(number) + 1, 0, 0, 0, 0 FROM recording GROUP BY device_id
"""


def upgrade() -> None:
    op.add_column("recording", sa.Column("answer", sa.String(length=8), nullable=False, server_default="receipt"))
    op.create_table(
        "device_contact",
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("last_ms", INT, nullable=False),
        sa.Column("next_number", INT, nullable=False),
        sa.Column("awaited_number", INT, nullable=False),
        sa.Column("awaited_by_ms", INT, nullable=False),
        sa.Column("due_number", INT, nullable=False),
        sa.Column("silent_ms", INT, nullable=False),
        sa.PrimaryKeyConstraint("device_id"),
    )
    op.execute(_REFUSED)
    op.execute(_CONTACTS)


def downgrade() -> None:
    op.drop_table("device_contact")
    op.drop_column("recording", "answer")
