import sqlite3
sqlite3.connect("/nowhere/at/all.db")
