"""The one exception for mistakes that the user can mend."""

__all__ = ["ToolError", "UserError"]


class UserError(Exception):
    """Something the user gave cannot be used.

    Parameters
    ----------
    what : str
        A sentence that names the thing, its value and the bound it breaks.
    where : str
        File, layer or option in which it stands.
    hint : str
        The next step.
    """

    def __init__(self, what: str, where: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.hint = what, where, hint

    def __str__(self) -> str:
        return "\n".join(line for line in (self.what, self.where, self.hint) if line)


class ToolError(Exception):
    """An external tool failed, or could not do what was asked.

    ``log`` is the file with its output; ``hint`` the next step, where it is not to read that.
    """

    def __init__(self, what: str, log: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what, self.log, self.hint = what, log, hint
