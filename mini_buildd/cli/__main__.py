"""``python -m mini_buildd.cli``: the same as ``mini-buildd``."""

import sys

from mini_buildd.cli.launch import main

sys.exit(main())
