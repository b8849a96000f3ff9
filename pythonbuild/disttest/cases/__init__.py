"""Tests that run under the unpacked Python: standard library only, one process per file (see ``disttest.inside``)."""
