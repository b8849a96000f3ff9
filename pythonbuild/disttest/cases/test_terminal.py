"""curses and readline: terminal descriptions are found, and the line editor is libedit."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import tempfile
import unittest


def under_terminal(code: str | None, environment: dict[str, str], typed: bytes = b"") -> tuple[int, str]:
    """Run code (or the prompt) with a pseudo-terminal as its standard streams; return exit status and output."""
    master, slave = pty.openpty()
    command = [sys.executable, "-I", *(["-q"] if code is None else ["-c", code])]
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment) as process:
        os.close(slave)
        os.write(master, typed)
        output = b""
        while chunk := _read(master):
            output += chunk
    os.close(master)
    return process.returncode, output.decode("utf-8", "replace")


def _read(descriptor: int) -> bytes:
    """Read what there is; a terminal whose other end is closed gives an error, which is its end."""
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""


class Terminal(unittest.TestCase):
    def setUp(self) -> None:
        self.environment = {"PATH": os.environ["PATH"], "TERM": "xterm"}

    def test_setupterm(self) -> None:
        """The description of xterm is found with nothing but TERM set."""
        code = "import curses; curses.setupterm(); assert curses.tigetnum('cols') > 0; print(curses.tigetstr('cup'))"
        status, output = under_terminal(code, self.environment)
        self.assertEqual(status, 0, output)

    def test_bundled_descriptions(self) -> None:
        """The common terminals are described somewhere that is searched."""
        for name in ("xterm-256color", "linux", "screen", "vt100", "dumb"):
            status, output = under_terminal(f"import curses; curses.setupterm({name!r})", self.environment)
            self.assertEqual(status, 0, f"{name}: {output}")

    def test_wide_characters(self) -> None:
        """Curses is the wide one: it takes a character beyond Latin."""
        code = (
            "import curses\n"
            "def main(screen):\n"
            "    screen.addstr(0, 0, '\\u4e16'); screen.refresh(); assert screen.get_wch\n"
            "curses.wrapper(main)"
        )
        status, output = under_terminal(code, {**self.environment, "LC_ALL": "C.UTF-8"})
        self.assertEqual(status, 0, output)

    def test_readline_is_libedit(self) -> None:
        """GNU readline's licence would bind every user; libedit stands in for it."""
        import readline

        self.assertIn("libedit", readline.__doc__ or "")

    def test_history(self) -> None:
        """A history that is written, appended to and cut to its last lines holds what was typed, and nothing else."""
        code = (
            "import os, readline\n"
            "def lines():\n"
            "    readline.clear_history(); readline.read_history_file('history')\n"
            "    return [readline.get_history_item(n + 1) for n in range(readline.get_current_history_length())]\n"
            "readline.add_history('one'); readline.add_history('two'); readline.write_history_file('history')\n"
            "readline.add_history('three'); readline.append_history_file(1, 'history')\n"
            "assert lines() == ['one', 'two', 'three'], lines()\n"
            "readline.set_history_length(2); readline.write_history_file('history')\n"
            "assert lines() == ['two', 'three'], lines()\n"
        )
        with tempfile.TemporaryDirectory() as place:
            done = subprocess.run(
                [sys.executable, "-c", code],
                cwd=place,
                env=self.environment,
                capture_output=True,
                text=True,
                check=False,
            )
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_interactive(self) -> None:
        """At its prompt the interpreter computes what is typed, and ends when it is told to."""
        status, output = under_terminal(None, self.environment, b"print(6 * 7)\nexit()\n")
        self.assertEqual(status, 0, output)
        self.assertIn("42", output)

    def test_completion(self) -> None:
        """The line editor takes the binding that makes Tab complete, and Tab does."""
        code = (
            "import readline, rlcompleter\n"
            "readline.parse_and_bind('bind ^I rl_complete')\n"
            "readline.set_completer(rlcompleter.Completer({'disttest_word': 1}).complete)\n"
            "print('typed', repr(input()))"
        )
        status, output = under_terminal(code, self.environment, b"disttest_w\t\n")
        self.assertEqual(status, 0, output)
        self.assertIn("typed 'disttest_word", output)
