settings = "full stack"
