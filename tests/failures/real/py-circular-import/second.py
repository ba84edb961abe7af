from first import one
two = 2
