"""What sign-up makes: organization, sandbox, application and first key."""
