"""The first index."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "alarm",
        sa.Column("id", INT, autoincrement=True, nullable=False),
        sa.Column("at_ms", INT, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "log_anchor",
        sa.Column("id", INT, nullable=False),
        sa.Column("line", INT, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "recording",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("device_id", sa.String(length=32), nullable=False),
        sa.Column("number", INT, nullable=False),
        sa.Column("header_digest", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("opened_ms", INT, nullable=False),
        sa.Column("closed_ms", INT, nullable=False),
        sa.Column("clock", INT, nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("items", INT, nullable=False),
        sa.Column("size", INT, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("stored_ms", INT, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("audio", sa.String(length=16), nullable=False),
        sa.Column("line", sa.String(length=64), nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("caller", sa.String(length=128), nullable=False),
        sa.Column("callee", sa.String(length=128), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("rule", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("recording_of_device", "recording", ["device_id", "number"], unique=False)
    op.create_index("recording_opened", "recording", ["opened_ms"], unique=False)
    op.create_table(
        "user_account",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("full_name", sa.String(length=128), nullable=False),
        sa.Column("roles", sa.String(length=128), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("changed_ms", INT, nullable=False),
        sa.Column("disabled_ms", INT, nullable=False),
        sa.Column("failures", INT, nullable=False),
        sa.Column("locked_until_ms", INT, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "copy",
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("checked_ms", INT, nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], ondelete="CASCADE", onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("recording_id", "name"),
    )
    op.create_table(
        "event",
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("position", INT, nullable=False),
        sa.Column("t_ms", INT, nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], ondelete="CASCADE", onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("recording_id", "position"),
    )
    op.create_table(
        "finding",
        sa.Column("id", INT, autoincrement=True, nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("item", INT, nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], ondelete="CASCADE", onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_finding_recording_id"), "finding", ["recording_id"], unique=False)
    op.create_table(
        "web_session",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("made_ms", INT, nullable=False),
        sa.Column("ends_ms", INT, nullable=False),
        sa.ForeignKeyConstraint(["user"], ["user_account.name"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest"),
    )


def downgrade() -> None:
    op.drop_table("web_session")
    op.drop_index(op.f("ix_finding_recording_id"), table_name="finding")
    op.drop_table("finding")
    op.drop_table("event")
    op.drop_table("copy")
    op.drop_table("user_account")
    op.drop_index("recording_opened", table_name="recording")
    op.drop_index("recording_of_device", table_name="recording")
    op.drop_table("recording")
    op.drop_table("log_anchor")
    op.drop_table("alarm")
