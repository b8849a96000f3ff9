"""Runs inside the build environment: standard library only, under its Python or the one just built."""
