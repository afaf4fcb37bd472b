"""``pyralis inject CORE``."""

HELP = "break the gates of a core one by one, and see what its user notices"
DESCRIPTION = "Puts faults into the mapped gates of a core and says what comes of each."
DEFAULT = "gf"
