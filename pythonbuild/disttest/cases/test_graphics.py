"""Tk: it can be imported everywhere, and opens a window where there is a display to be had."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Graphics(unittest.TestCase):
    def setUp(self) -> None:
        facts = json.loads(Path(os.environ["DISTTEST_FACTS"]).read_text(encoding="utf-8"))
        if "static" in facts["options"]:
            self.skipTest("Tk is a shared library, which a static program can't load")

    def test_import(self) -> None:
        """Tkinter and its parts can be imported without a display."""
        import tkinter.ttk

        self.assertGreaterEqual(tkinter.TkVersion, 8.6)

    def test_interpreter(self) -> None:
        """Tcl finds its own library, without a display."""
        import tkinter

        tcl = tkinter.Tcl()
        self.assertEqual(tcl.eval("expr 6 * 7"), "42")
        self.assertTrue(tcl.eval("package require msgcat"))

    def test_symbols_of_tk(self) -> None:
        """Pillow and matplotlib look Tk's functions up in the module _tkinter, by the dynamic linker."""
        import _tkinter
        import ctypes

        library = ctypes.CDLL(getattr(_tkinter, "__file__", None))
        for name in ("Tcl_CreateCommand", "Tk_FindPhoto", "Tk_MainWindow"):
            self.assertTrue(hasattr(library, name), name)

    def test_window(self) -> None:
        """A window opens on a virtual display, in a locale that is not C, with cursors by their names."""
        with display() as name, tempfile.TemporaryDirectory() as folder:
            self.draw([sys.executable, "-c", LOCALE + WINDOW], {"DISPLAY": name, **a_locale(Path(folder))})

    def test_window_in_venv(self) -> None:
        """A window opens in a virtual environment, too, by a program, and by a runner of tests that loads it."""
        with display() as name, tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
            python = str(Path(folder, "bin", "python"))
            Path(folder, "test_drawn.py").write_text(
                "import unittest\nclass Drawn(unittest.TestCase):\n"
                f"    def test_window(self):\n        exec({WINDOW!r}, {{}})\n"
            )
            for command in ([python, "-c", WINDOW], [python, "-m", "unittest", "discover", "-s", folder]):
                self.draw(command, {"DISPLAY": name})

    def draw(self, command: list[str], environment: dict[str, str]) -> None:
        """Run a command that draws a window, in a process of its own: locale and libraries are of a whole process."""
        result = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
        if result.returncode == 77:
            self.skipTest("this machine has no locale but C")
        self.assertEqual((result.returncode, result.stdout), (0, "drawn\n"), result.stderr[-800:])

    def test_smooth_fonts(self) -> None:
        """Tk draws with the machine's fonts, not with the bitmaps of the X server."""
        with display() as name:
            fonts = self.fonts({"DISPLAY": name})
        self.assertEqual(fonts["system"], "xft")
        self.assertNotIn(fonts["default"], ("fixed", ""))
        self.assertGreater(fonts["wide"], 2 * fonts["narrow"])
        self.assertAlmostEqual(fonts["large"] / fonts["small"], 4, delta=0.2)  # a bitmap can't be scaled like that

    def test_fonts_of_its_own(self) -> None:
        """Where a machine has no fonts, Tk has two."""
        with display() as name, tempfile.TemporaryDirectory() as folder:
            empty = Path(folder, "fonts.conf")
            empty.write_text("<fontconfig></fontconfig>")
            cache = str(Path(folder, "cache"))
            fonts = self.fonts({"DISPLAY": name, "FONTCONFIG_FILE": str(empty), "XDG_CACHE_HOME": cache})
        self.assertEqual(set(fonts["families"]), {"DejaVu Sans", "DejaVu Sans Mono"})
        self.assertEqual(fonts["default"], "DejaVu Sans")

    def fonts(self, environment: dict[str, str]) -> dict[str, Any]:
        """Return what Tk says of fonts, in a process of its own: fontconfig reads its configuration once."""
        command = [sys.executable, "-c", FONTS]
        result = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        found: dict[str, Any] = json.loads(result.stdout)
        return found


# The first locale that the machine has; libX11 has other code for each that is not C.
LOCALE = """
import locale, sys
for name in ("de_DE.UTF-8", "en_US.UTF-8", "C.UTF-8", "C.utf8"):
    try:
        locale.setlocale(locale.LC_ALL, name)
        break
    except locale.Error:
        pass
if locale.setlocale(locale.LC_CTYPE) == "C":
    sys.exit(77)
"""
WINDOW = """
import tkinter
window = tkinter.Tk()
window.configure(cursor="watch")
label = tkinter.Label(window, text="\\u4e16", cursor="xterm")
label.pack()
window.update()
assert (label["text"], str(label["cursor"]), str(window["cursor"])) == ("\\u4e16", "xterm", "watch")
window.destroy()
print("drawn")
"""
FONTS = """
import json, tkinter, tkinter.font
window = tkinter.Tk()
font = lambda size: tkinter.font.Font(family="sans-serif", size=-size)
print(json.dumps({
    "system": window.tk.eval("tk::pkgconfig get fontsystem"),
    "default": tkinter.font.nametofont("TkDefaultFont").actual("family"),
    "families": tkinter.font.families(),
    "narrow": font(40).measure("i"), "wide": font(40).measure("W"),
    "small": font(25).measure("m" * 20), "large": font(100).measure("m" * 20),
}))
"""


def a_locale(folder: Path) -> dict[str, str]:
    """Make a locale where the machine can, and return what the environment needs to find it.

    Its content is that of C, which is made in no time: X goes by its name.
    """
    program = shutil.which("localedef")
    options = ["--no-archive", f"--{sys.byteorder}-endian", "-i", "C", "-f", "UTF-8"]
    command = [program or "", *options, str(folder / "de_DE.UTF-8")]
    if program is None or subprocess.run(command, capture_output=True, check=False).returncode:
        return {}
    return {"LOCPATH": str(folder)}


@contextmanager
def display() -> Iterator[str]:
    """Start Xvfb on a free display, and give that; skips the test where there is no Xvfb."""
    server = shutil.which("Xvfb")
    if server is None:
        raise unittest.SkipTest("this machine has no Xvfb")
    read, write = os.pipe()
    command = [server, "-displayfd", str(write), "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        os.close(write)
        try:
            yield ":" + os.read(read, 16).decode().strip()
        finally:
            process.terminate()
            os.close(read)
