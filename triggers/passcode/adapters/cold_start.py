"""Pauses the garbage collector while a function starts. A handler imports this module before its other ones.

A start makes many objects and hardly any garbage. The collector would search all of them many times, which
takes 11 to 17 % of the CPU time of a start (docs/decisions/0043).
"""

import gc

gc.disable()


def end() -> None:
    """Start the garbage collector. It ignores the objects of the start, because they stay in use.

    Does nothing if the collector runs: the process has started before, and now loads another function.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
