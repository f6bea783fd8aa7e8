"""What each appliance said last of itself."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "device_report",
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("at_ms", INT, nullable=False),
        sa.Column("unrecorded", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("device_id"),
    )


def downgrade() -> None:
    op.drop_table("device_report")
