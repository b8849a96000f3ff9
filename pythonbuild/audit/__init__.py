"""What is pinned, compared with what is newer and with known vulnerabilities."""
