"""The file and line that an error comes from, without the text of what the code was working on."""


def where(error: BaseException) -> str:
    """File and line of the error's origin: enough to find it, and no text of what the code was working on."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}" if trace else ""
