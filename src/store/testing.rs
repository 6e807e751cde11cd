//! Real databases for tests: a file of SQLite, and a PostgreSQL of the test run's own.
