import sys
sys.exit("config.toml: `listen` must be an address")
