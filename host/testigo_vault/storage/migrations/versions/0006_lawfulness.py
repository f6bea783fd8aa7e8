"""How severe a finding is, and the values of its sentence, so that pages can say it in each language.

Findings of earlier versions have neither: they are those of the verifier and of clocks, in English words. Recordings that are
here get the findings of the check of lawfulness by `testigo verify`.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("finding", sa.Column("severity", sa.String(length=16), nullable=False, server_default=""))
    op.add_column("finding", sa.Column("details", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("finding", "details")
    op.drop_column("finding", "severity")
