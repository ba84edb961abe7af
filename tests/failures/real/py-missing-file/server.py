rows = open("data/rows.csv").read()
