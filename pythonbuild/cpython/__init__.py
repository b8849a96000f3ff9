"""Knowledge of CPython: how it is configured, its extension modules, what its build is told. Text -> data."""
