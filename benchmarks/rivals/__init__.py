"""What one would put in Trellis's place: each checks a key, counts a limit, and proxies."""
