-- What the platform knows of projects and deployments. Lines of logs never come here.
CREATE TABLE IF NOT EXISTS setting (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS project (
  id         TEXT PRIMARY KEY,
  created_ms INTEGER NOT NULL,
  tip        TEXT,              -- the newest commit that brought new content; a rollback does not move it
  live       TEXT,              -- the deployment that serves
  port       INTEGER NOT NULL DEFAULT 0,
  env        TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE TABLE IF NOT EXISTS deployment (
  id            TEXT PRIMARY KEY,
  project       TEXT NOT NULL REFERENCES project(id) ON DELETE CASCADE,
  commit_hash   TEXT NOT NULL,
  tree          TEXT NOT NULL,
  via           TEXT NOT NULL,
  message       TEXT,
  created_ms    INTEGER NOT NULL,
  ended_ms      INTEGER,
  plan          TEXT NOT NULL,
  plan_hash     TEXT NOT NULL,
  env           TEXT NOT NULL,
  state         TEXT NOT NULL,
  status        TEXT NOT NULL,
  seq           INTEGER NOT NULL DEFAULT 0,
  superseded_by TEXT,
  secrets       TEXT NOT NULL DEFAULT '{}' -- which value of each secret it gets: versions by name
) STRICT;
CREATE INDEX IF NOT EXISTS deployment_of_project ON deployment(project, id DESC);
CREATE INDEX IF NOT EXISTS deployment_under_way ON deployment(status) WHERE status NOT IN ('complete', 'failed', 'cancelled');

CREATE TABLE IF NOT EXISTS event (
  deployment TEXT NOT NULL REFERENCES deployment(id) ON DELETE CASCADE,
  seq        INTEGER NOT NULL,
  time_ms    INTEGER NOT NULL,
  fact       TEXT NOT NULL,
  PRIMARY KEY (deployment, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS verification (
  deployment TEXT PRIMARY KEY REFERENCES deployment(id) ON DELETE CASCADE,
  result     TEXT NOT NULL,              -- pending, passed, failed
  note       TEXT,
  attempts   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS idempotency (
  key        TEXT PRIMARY KEY,
  body_hash  BLOB NOT NULL,
  answer     TEXT NOT NULL,
  created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS secret (
  version    INTEGER PRIMARY KEY AUTOINCREMENT, -- no number comes twice, so a value that is set again is another one
  project    TEXT NOT NULL REFERENCES project(id) ON DELETE CASCADE,
  name       TEXT NOT NULL,
  sealed     BLOB NOT NULL,                     -- age; project and name are sealed inside
  set_ms     INTEGER NOT NULL,
  is_current INTEGER NOT NULL                   -- 0: replaced or removed, kept for what runs with it
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS secret_current ON secret(project, name) WHERE is_current;
CREATE INDEX IF NOT EXISTS secret_of_project ON secret(project);
