"""What happened: audit trail, transactional outbox and event log in one table."""
