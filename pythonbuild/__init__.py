"""Builds self-contained, portable CPython distributions."""
