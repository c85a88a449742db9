"""How children learn that their supervisor is gone, whatever killed it: a pipe that only the supervisor can write to.

The read end is inherited; it reads as ended at the moment the last writer dies, also by `kill -9`.
"""

import os
import signal
import threading
import time

VARIABLE = "EVERLEARN_LIFELINE"
_GRACE_S = 15.0


def hold_lifeline() -> int:
    """Follow the supervisor's end of life if this process was given its lifeline; safe to call without one."""
    text = os.environ.get(VARIABLE, "")
    if not text.isdecimal():
        return -1
    descriptor = int(text)
    threading.Thread(target=_follow, args=(descriptor,), name="lifeline", daemon=True).start()
    return descriptor


def _follow(descriptor: int) -> None:
    try:
        while os.read(descriptor, 1):
            pass  # nothing is ever written; an end is what we wait for
    except OSError:
        pass
    os.kill(os.getpid(), signal.SIGTERM)  # drain as on any other end
    time.sleep(_GRACE_S)
    os._exit(1)
