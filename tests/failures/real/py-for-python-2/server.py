print "serving"
