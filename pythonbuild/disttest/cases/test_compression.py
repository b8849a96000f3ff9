"""Compression libraries: round trips, and the parts that builds tend to lose."""

from __future__ import annotations

import bz2
import importlib
import io
import lzma
import sys
import tarfile
import unittest
import zipfile
import zlib

DATA = bytes(range(256)) * 400


class Compression(unittest.TestCase):
    def test_round_trips(self) -> None:
        """Each module's compress and decompress."""
        for module in (zlib, bz2, lzma):
            self.assertEqual(module.decompress(module.compress(DATA)), DATA, module.__name__)

    def test_xz_filters(self) -> None:
        """LZMA2 with a branch filter, and every integrity check."""
        filters = [{"id": lzma.FILTER_X86}, {"id": lzma.FILTER_LZMA2, "preset": 1}]
        packed = lzma.compress(DATA, filters=filters, check=lzma.CHECK_SHA256)
        self.assertEqual(lzma.decompress(packed), DATA)

    def test_archives(self) -> None:
        """Zip and tar in each compression."""
        for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
            file = io.BytesIO()
            with zipfile.ZipFile(file, "w", method) as archive:
                archive.writestr("a", DATA)
                self.assertEqual(archive.read("a"), DATA)
        for packing in ("gz", "bz2", "xz"):
            file = io.BytesIO()
            with tarfile.open(fileobj=file, mode=f"w:{packing}") as archive:  # type: ignore[call-overload]
                info = tarfile.TarInfo("a")
                info.size = len(DATA)
                archive.addfile(info, io.BytesIO(DATA))
            file.seek(0)
            with tarfile.open(fileobj=file, mode=f"r:{packing}") as archive:  # type: ignore[call-overload]
                self.assertEqual(archive.extractfile("a").read(), DATA)

    def test_zstd(self) -> None:
        """Zstandard with worker threads."""
        if sys.version_info < (3, 14):
            self.skipTest("new in Python 3.14")
        zstd = importlib.import_module("compression.zstd")
        self.assertGreater(zstd.CompressionParameter.nb_workers.bounds()[1], 0)
        packed = zstd.compress(DATA, options={zstd.CompressionParameter.nb_workers: 2})
        self.assertEqual(zstd.decompress(packed), DATA)
