"""``pyralis prove CORE``."""

HELP = "prove what a core computes, on its gates"
DESCRIPTION = "Proves what can be proven of a core after synthesis. Exit code 1 if anything fails."
DEFAULT = "gf"
