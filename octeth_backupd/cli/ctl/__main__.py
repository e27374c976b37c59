"""``python -m octeth_backupd.cli.ctl``."""

import sys

from octeth_backupd.cli.ctl import main

sys.exit(main())
