import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    reading = op.create_table("reading", sa.Column("place", sa.Text), sa.Column("litres", sa.Integer))
    op.bulk_insert(reading, [{"place": "cellar", "litres": 1204}])


def downgrade():
    op.drop_table("reading")
