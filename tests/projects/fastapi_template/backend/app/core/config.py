settings = "x"
