//! Packages that everybody knows by name. Only these are ever added by a patch: a name that merely occurs in an app's
//! output could be anybody's.

/// Packages of Python, by the names under which they are installed.
const PYTHON: &[&str] = &[
    "aiofiles", "aiohttp", "aiosqlite", "alembic", "anthropic", "apscheduler", "asyncpg", "bcrypt", "beautifulsoup4",
    "boto3", "celery", "channels", "cryptography", "databases", "django", "django-cors-headers", "django-environ",
    "django-filter", "djangorestframework", "email-validator", "fastapi", "flask", "flask-cors", "flask-login",
    "flask-migrate", "flask-socketio", "flask-sqlalchemy", "flask-wtf", "gevent", "gradio", "gunicorn", "httpx",
    "hypercorn", "itsdangerous", "jinja2", "litestar", "loguru", "lxml", "mangum", "markdown", "marshmallow", "matplotlib",
    "motor", "mysqlclient", "numpy", "openai", "opencv-python-headless", "openpyxl", "orjson", "pandas", "passlib",
    "pillow", "plotly", "prometheus-client", "psutil", "psycopg", "psycopg2-binary", "pycryptodome", "pydantic",
    "pydantic-settings", "pyjwt", "pymongo", "pymupdf", "pymysql", "pynacl", "pypdf", "pyserial", "python-dateutil",
    "python-docx", "python-dotenv", "python-jose", "python-json-logger", "python-magic", "python-multipart",
    "python-slugify", "python-socketio", "pytz", "pyyaml", "pyzmq", "qrcode", "redis", "requests", "rich", "scikit-learn",
    "scipy", "seaborn", "sentry-sdk", "setuptools", "sqlalchemy", "sqlmodel", "sse-starlette", "starlette", "stripe",
    "streamlit", "structlog", "tenacity", "tiktoken", "tornado", "tqdm", "twilio", "tzdata", "uvicorn", "uvloop",
    "waitress", "websockets", "werkzeug", "whitenoise", "wtforms", "xlsxwriter",
];

/// Packages of Node.
const NODE: &[&str] = &[
    "@apollo/server", "@aws-sdk/client-s3", "@fastify/cors", "@fastify/static", "@hono/node-server", "@nestjs/common",
    "@nestjs/config", "@nestjs/core", "@nestjs/platform-express", "@nestjs/typeorm", "@prisma/client",
    "@reduxjs/toolkit", "@supabase/supabase-js", "@tanstack/react-query", "@vitejs/plugin-react", "@vitejs/plugin-vue",
    "argon2", "axios", "bcrypt", "bcryptjs", "better-sqlite3", "body-parser", "bullmq", "chalk", "cheerio", "class-transformer",
    "class-validator", "clsx", "commander", "compression", "concurrently", "connect-mongo", "cookie-parser", "cookie-session", "cors",
    "cross-env", "csv-parse", "date-fns", "dayjs", "debug", "discord.js", "dotenv", "drizzle-orm", "ejs", "esbuild", "express",
    "express-rate-limit", "express-session", "express-validator", "fastify", "firebase-admin", "formidable", "framer-motion",
    "fs-extra", "got", "graphql", "handlebars", "helmet", "hono", "http-proxy-middleware", "ioredis", "joi", "jose",
    "jsonwebtoken", "knex", "koa", "koa-bodyparser", "koa-router", "lodash", "lucide-react", "luxon", "marked", "mobx", "moment",
    "mongodb", "mongoose", "morgan", "multer", "mysql", "mysql2", "nanoid", "next", "next-auth", "node-cron", "node-fetch",
    "nodemailer", "openai", "p-limit", "passport", "passport-local", "pg", "pino", "pino-http", "pino-pretty", "postcss", "prisma", "pug",
    "qs", "react", "react-dom", "react-router-dom", "redis", "reflect-metadata", "rxjs", "sass", "sequelize", "serve", "sharp",
    "socket.io", "sqlite3", "stripe", "styled-components", "swagger-ui-express", "tailwindcss", "tsx", "typeorm", "typescript",
    "undici", "uuid", "vite", "vue", "vue-router", "winston", "ws", "yup", "zod", "zustand",
];

/// Programs of Node, and the package that brings each.
const NODE_PROGRAMS: &[(&str, &str)] = &[
    ("concurrently", "concurrently"),
    ("cross-env", "cross-env"),
    ("esbuild", "esbuild"),
    ("next", "next"),
    ("prisma", "prisma"),
    ("sass", "sass"),
    ("serve", "serve"),
    ("tsc", "typescript"),
    ("tsx", "tsx"),
    ("vite", "vite"),
];

/// Whether a package of Python is well known.
pub(super) fn is_python(package: &str) -> bool {
    let name = package.to_ascii_lowercase().replace('_', "-");
    PYTHON.contains(&name.as_str())
}

/// Whether a package of Node is well known.
pub(super) fn is_node(package: &str) -> bool {
    NODE.contains(&package)
}

/// The package that brings a program.
pub(super) fn package_of_program(program: &str) -> Option<&'static str> {
    NODE_PROGRAMS.iter().find(|(name, _)| *name == program).map(|(_, package)| *package)
}
