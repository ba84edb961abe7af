import os

from fastapi import FastAPI
from sqlalchemy import create_engine, text

service = FastAPI()
engine = create_engine(os.environ.get("DATABASE_URL", "sqlite:///meters.db"))


@service.get("/")
def readings():
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT place, litres FROM reading"))
        return {place: litres for place, litres in rows}
