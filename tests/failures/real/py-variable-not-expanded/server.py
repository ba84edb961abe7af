import sys
port = int(sys.argv[1])
