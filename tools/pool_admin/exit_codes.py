"""The exit codes of the commands."""

# 2 is Click's own code for wrong options.
HEALTHY, FAILED, DECLINED, WARNINGS, ERRORS = 0, 3, 4, 10, 20
