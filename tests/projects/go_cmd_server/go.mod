module github.com/me/shop

go 1.22.0

toolchain go1.23.4

require (
	github.com/go-chi/chi/v5 v5.1.0
	github.com/mattn/go-sqlite3 v1.14.24
)
