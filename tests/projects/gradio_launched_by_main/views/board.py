import gradio as gr


class Board:
    def show(self):
        gr.Interface(fn=str.upper, inputs="text", outputs="text").launch()


def make_board():
    return Board()
