import sys, traceback
try:
    import uvloop
except ImportError:
    traceback.print_exc()
print("going on without uvloop", file=sys.stderr)
sys.exit("fatal: tenant 12 is suspended")
