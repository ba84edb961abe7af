from shiny.express import input, render, ui

ui.page_opts(title="hello from Shiny")
ui.input_slider("cups", "Cups of tea", 0, 12, 3)


@render.text
def litres():
    return f"{input.cups() * 0.25} l"
