import os
print("loading the model", flush=True)
os.kill(os.getpid(), 9)
