"""From a built tree to archives: PYTHON.json, names, members, deterministic compression."""
