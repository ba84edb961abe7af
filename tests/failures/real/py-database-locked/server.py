import os, sqlite3
path = os.path.join(os.environ["DATA_DIR"], "locked.db")
first = sqlite3.connect(path)
first.execute("begin exclusive")
sqlite3.connect(path, timeout=0).execute("create table t (x)")
