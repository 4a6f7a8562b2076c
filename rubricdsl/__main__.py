"""``python -m rubricdsl`` is ``rub``."""

import sys

from rubricdsl.cli import main

sys.exit(main())
