"""What people see: the server-rendered developer portal."""
