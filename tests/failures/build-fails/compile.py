"""A build that finds something wrong and says so."""

import sys

sys.exit("the template `index` is missing")
