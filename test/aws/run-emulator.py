"""Runs the emulator for as long as stdin stays open, so that it dies with the process that started it, however that
ends (Ctrl-C, kill -9), and takes its Lambda processes and their code in TMPDIR along. Must lead its process group."""

import os
import shutil
import signal
import sys
import threading
import time

GRACE_SECONDS = 3


def end_group_when_stdin_closes():
    os.read(sys.stdin.fileno(), 1)  # nothing is ever written: this returns when the other end is gone
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
    os.killpg(0, signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os.killpg(0, signal.SIGKILL)


threading.Thread(target=end_group_when_stdin_closes, daemon=True).start()

# Importing takes long enough for the parent to be gone already.
from ministack.app import main  # noqa: E402
from emulator_policies import install  # noqa: E402

install()
sys.argv = ["ministack"]
main()
