import sqlalchemy as sa
from alembic import op

revision = "4f1c"
down_revision = None


def upgrade():
    parcel = op.create_table("parcel", sa.Column("address", sa.Text))
    op.bulk_insert(parcel, [{"address": "7 Mill Lane"}])


def downgrade():
    op.drop_table("parcel")
