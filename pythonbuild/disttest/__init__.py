"""Trying a finished distribution: unpack it somewhere awkward, and use it as its users will.

``run(archive, log=print)`` tries an archive. Tests of two sorts have one kind of name, ``group.test``: those
of ``cases/`` run under the unpacked Python, those of ``relocation``, ``environments`` and ``building`` use it from
outside.
"""

from pythonbuild.disttest.model import Outcome, Result
from pythonbuild.disttest.runner import run

__all__ = ["Outcome", "Result", "run"]
