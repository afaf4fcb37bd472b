"""``pyralis bench CORE``."""

HELP = "measure a core on large work, beside published figures"
DESCRIPTION = "Measures a core and writes the figures as JSON, with published ones beside them."
DEFAULT = "snn"
