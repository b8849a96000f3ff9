"""Tk: it can be imported everywhere, and opens a window where there is a display to be had."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import unittest
from pathlib import Path


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
        """A window opens on a virtual display."""
        server = shutil.which("Xvfb")
        if server is None:
            self.skipTest("this machine has no Xvfb")
        read, write = os.pipe()
        command = [server, "-displayfd", str(write), "-nolisten", "tcp"]
        with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as process:
            os.close(write)
            try:
                os.environ["DISPLAY"] = ":" + os.read(read, 16).decode().strip()
                self.open_window()
            finally:
                process.terminate()
                os.close(read)

    def open_window(self) -> None:
        """Make a window with a widget, draw it, and read back its text."""
        import tkinter

        window = tkinter.Tk()
        label = tkinter.Label(window, text="\u4e16")
        label.pack()
        window.update()
        self.assertEqual(label["text"], "\u4e16")
        window.destroy()
