open("templates/index.html")
