"""The platform in a box: PostgreSQL, Valkey and every process of Trellis with one command."""
