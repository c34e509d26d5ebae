"""Runs inside vLLM's processes: lets them end in a second instead of four.

At its end an interpreter looks through everything that it holds for garbage, several times; here these are more than half a million
objects, of a process whose memory goes with it. Frozen (`gc.freeze`), they are not looked at. Importing this module installs it; not in
a process that nobody started for vLLM, since vLLM's front end imports what its processes run.
"""

from __future__ import annotations

import atexit
import gc
import multiprocessing

if multiprocessing.parent_process():
    atexit.register(gc.freeze)
