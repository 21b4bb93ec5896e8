"""Running a command as a process of its own, started with the words that a user would type."""

import subprocess
import sys

from videoseq.errors import VideoseqError


def run_command(command: str, *arguments: str) -> None:
    """Runs `python -m videoseq.COMMAND ARGUMENTS…` and waits for it.

    Raises:
        VideoseqError: It fails; its own message stands on the terminal.
    """
    status = subprocess.run([sys.executable, "-m", f"videoseq.{command}", *arguments], check=False).returncode
    if status:
        raise VideoseqError(f"videoseq.{command} {' '.join(arguments)} ended with exit code {status}")
