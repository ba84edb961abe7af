"""What every router does with its rows."""

from collections.abc import Sequence
from typing import Annotated, Any, Optional, TypeVar

from fastapi import HTTPException, Path, Query, Response
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from database import Base

INTEGER_MAX = 2_147_483_647

Row = TypeVar("Row", bound=Base)
RowId = Annotated[int, Path(ge=1, le=INTEGER_MAX)]
IdFilter = Annotated[Optional[int], Query(ge=1, le=INTEGER_MAX)]
Limit = Annotated[int, Query(ge=1, le=100, description="How many to return.")]
Offset = Annotated[int, Query(ge=0, le=INTEGER_MAX, description="How many to skip.")]


def list_rows(
    db: Session,
    model: type[Row],
    response: Response,
    page: tuple[int, int],
    **filters: Any,
) -> Sequence[Row]:
    """Return a page of the rows that match, oldest first.

    The number of all rows that match goes into the header X-Total-Count.
    """
    limit, offset = page
    given = {name: value for name, value in filters.items() if value is not None}
    query = select(model).filter_by(**given)
    total = db.scalar(select(func.count()).select_from(query.subquery()))
    response.headers["X-Total-Count"] = str(total)
    return db.scalars(query.order_by(model.id).limit(limit).offset(offset)).all()


def get_row(db: Session, model: type[Row], row_id: int) -> Row:
    """Return the row with that id, or answer 404."""
    row = db.get(model, row_id)
    if row is None:
        raise HTTPException(404, f"{model.__name__} {row_id} does not exist")
    return row


def check_reference(db: Session, model: type[Base], row_id: Optional[int]) -> None:
    """Answer 422 when a request names a row that does not exist."""
    if row_id is not None and db.get(model, row_id) is None:
        raise HTTPException(422, f"{model.__name__} {row_id} does not exist")


def create_row(db: Session, row: Row) -> Row:
    """Store a new row, or answer 409 when it conflicts with another one."""
    db.add(row)
    commit(db, "conflicts with an existing row: a unique value is already taken")
    return row


def update_row(db: Session, row: Row, changes: dict[str, Any]) -> Row:
    """Change a row, or answer 409 when it would conflict with another one."""
    for name, value in changes.items():
        setattr(row, name, value)
    commit(db, "conflicts with an existing row: a unique value is already taken")
    return row


def delete_row(db: Session, row: Base) -> None:
    """Delete a row, or answer 409 while others need it."""
    db.delete(row)
    commit(db, "still in use: delete what belongs to it first")


def commit(db: Session, conflict: str) -> None:
    """Write everything to disk; a broken constraint is a conflict."""
    try:
        db.commit()
    except IntegrityError as error:
        db.rollback()
        raise HTTPException(409, conflict) from error
