"""Reading a finished distribution back: bytes become facts, named checks turn facts into findings.

``validate(archive, limits)`` is the whole interface. ``read_identity(archive)`` says for which target an
archive claims to be, and ``limits_of(target)`` what that target allows.
"""

from pythonbuild.validate.archive import read_identity, unpack
from pythonbuild.validate.limits import limits_of
from pythonbuild.validate.model import Finding, Identity, Limits, Report
from pythonbuild.validate.report import validate

__all__ = ["Finding", "Identity", "Limits", "Report", "limits_of", "read_identity", "unpack", "validate"]
