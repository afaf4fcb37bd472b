"""``pyralis demo CORE``."""

HELP = "the whole way once, with a report"
DESCRIPTION = "Does a whole job once, compares every bit and writes report.html."
DEFAULT = "snn"
