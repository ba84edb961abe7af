class UtcDateTime(TypeDecorator[dt.datetime]):
    """A moment, kept in UTC: SQLite knows no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: Optional[dt.datetime], dialect: Dialect
    ) -> Optional[dt.datetime]:
        """Bring a moment to UTC; one without a zone is taken as UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            return value.replace(tzinfo=dt.timezone.utc)
        return value.astimezone(dt.timezone.utc)

    def process_result_value(
        self, value: Optional[dt.datetime], dialect: Dialect
    ) -> Optional[dt.datetime]:
        """Say that what was stored is UTC."""
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=dt.timezone.utc)


def utc_now() -> dt.datetime:
    """Return this moment."""
    return dt.datetime.now(dt.timezone.utc)
