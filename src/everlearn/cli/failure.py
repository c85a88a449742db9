"""The outermost edge of a command: every failure becomes one clear line on stderr and an exit code.

0 done · 1 refused · 2 not a valid command line · 3 something we depend on does not answer · 70 our own defect ·
130 interrupted.
"""

import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from everlearn.core.errors import EverlearnError, UnavailableError

REFUSED = 1
USAGE = 2
UNAVAILABLE = 3
DEFECT = 70  # EX_SOFTWARE of sysexits.h
INTERRUPTED = 130


def guarded(command: Callable[[], object], *, crash_file: Callable[[], Path]) -> int:
    """Run a command and give its exit code; what went wrong is told on stderr.

    `crash_file` names where the traceback of a defect is written; it is asked only then.
    """
    try:
        command()
    except SystemExit as exit_:  # Typer's way to end: usage errors are told already
        return _code_of(exit_)
    except EverlearnError as error:
        _tell(error)
        return UNAVAILABLE if isinstance(error, UnavailableError) else REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the edge: a defect of ours must not throw internals at people
        _tell_defect(error, crash_file)
        return DEFECT
    return 0


def _code_of(exit_: SystemExit) -> int:
    if exit_.code is None:
        return 0
    return exit_.code if isinstance(exit_.code, int) else REFUSED


def _tell(error: EverlearnError) -> None:
    sys.stderr.write(f"error: {error.message}\n")
    hint = error.details.get("hint")
    sys.stderr.write(f"  hint: {hint}\n" if hint else f"  code: {error.code}\n")


def _tell_defect(error: Exception, crash_file: Callable[[], Path]) -> None:
    report = "".join(traceback.format_exception(error))
    summary = f"error: a defect in Everlearn: {type(error).__name__}; nothing more is known here\n"
    try:
        path = crash_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(report)
    except OSError:  # no room or no right to write: the terminal is all that is left
        sys.stderr.write(summary + report)
        return
    sys.stderr.write(f"{summary}  log: {path}\n")
