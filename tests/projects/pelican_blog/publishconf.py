import os
import sys

sys.path.append(os.curdir)
from pelicanconf import *

RELATIVE_URLS = True
DELETE_OUTPUT_DIRECTORY = True
