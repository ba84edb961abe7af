import sqlite3

with sqlite3.connect("shop.db") as database:
    database.execute("CREATE TABLE IF NOT EXISTS goods (name TEXT UNIQUE)")
    database.execute("INSERT OR IGNORE INTO goods VALUES ('teapot')")
