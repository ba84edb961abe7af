import sys
from pathlib import Path

import environ
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    environ.Env.read_env(str(Path(__file__).parent / ".env"))
    execute_from_command_line(sys.argv)
