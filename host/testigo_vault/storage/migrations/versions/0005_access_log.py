"""The access log: how far it was checked, where its lines are, and an anchor from the first line on. Known browsers."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
GENESIS = hashlib.sha256(b"testigo access log 1").hexdigest()


def upgrade() -> None:
    op.create_table(
        "log_checkpoint",
        sa.Column("id", INT, nullable=False),
        sa.Column("line", INT, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("offset", INT, nullable=False),
        sa.Column("breaks", sa.JSON(), nullable=False),
        sa.Column("full_line", INT, nullable=False),
        sa.Column("full_ms", INT, nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "log_line",
        sa.Column("n", INT, autoincrement=False, nullable=False),
        sa.Column("offset", INT, nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("recording", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("n"),
    )
    op.create_index("log_line_of_recording", "log_line", ["recording", "n"], unique=False)
    op.create_table(
        "known_browser",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("failures", INT, nullable=False),
        sa.Column("ends_ms", INT, nullable=False),
        sa.ForeignKeyConstraint(["user"], ["user_account.name"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest"),
    )
    # From now on an index without an anchor is one that lost it.
    anchor = sa.table("log_anchor", sa.column("id", INT), sa.column("line", INT), sa.column("digest", sa.String))
    if not op.get_bind().execute(sa.select(anchor.c.id)).first():
        op.bulk_insert(anchor, [{"id": 1, "line": 0, "digest": GENESIS}])


def downgrade() -> None:
    op.drop_table("known_browser")
    op.drop_index("log_line_of_recording", table_name="log_line")
    op.drop_table("log_line")
    op.drop_table("log_checkpoint")
    op.execute("DELETE FROM log_anchor WHERE line = 0")
