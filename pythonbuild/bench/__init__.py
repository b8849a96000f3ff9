"""Comparing two interpreters: a plan of runs, the runs, statistics, and a report. Nothing here builds anything."""
