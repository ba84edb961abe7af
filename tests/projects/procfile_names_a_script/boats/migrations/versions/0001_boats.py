import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    boat = op.create_table("boat", sa.Column("name", sa.Text))
    op.bulk_insert(boat, [{"name": "Kittiwake"}])


def downgrade():
    op.drop_table("boat")
