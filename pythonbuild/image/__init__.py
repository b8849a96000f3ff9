"""The parts of the build image: its package lock, the index it is resolved from, and unpacking."""
