"""`python -m vidstyle`: the command line."""

import sys

from vidstyle.cli import main

sys.exit(main())
