project = "Boilers"
extensions = ["myst_parser"]
html_theme = "furo"
