"""The exit codes of the commands."""

# WRONG_OPTIONS is Click's own code.
HEALTHY, WRONG_OPTIONS, FAILED, DECLINED, WARNINGS, ERRORS = 0, 2, 3, 4, 10, 20
