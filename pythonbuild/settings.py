"""Where things lie and how a run is to behave: made once by ``cli``, handed to whoever needs it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Directories and limits of one run. Only ``build`` and ``dist`` are written to."""

    root: Path = ROOT
    build: Path = ROOT / "build"
    dist: Path = ROOT / "dist"
    jobs: int = 1
    engine: str = "auto"
    debian_mirror: str | None = None
    base_image: str | None = None
    offline: bool = False
    locked: bool = False
    keep: bool = False

    @property
    def downloads(self) -> Path:
        """Verified sources, named by content."""
        return self.build / "downloads"

    @property
    def store(self) -> Path:
        """Finished results, named by key."""
        return self.build / "store"

    @property
    def images(self) -> Path:
        """Unpacked build images."""
        return self.build / "image"

    @property
    def logs(self) -> Path:
        """One log for each job."""
        return self.build / "logs"

    @property
    def work(self) -> Path:
        """Work directories of jobs that run or failed."""
        return self.build / "jobs"
