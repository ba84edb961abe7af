from bokeh.io import curdoc
from bokeh.plotting import figure

plot = figure(title="Tea over time")
plot.line([1, 2, 3], [2, 5, 3])
curdoc().title = "hello from Bokeh"
curdoc().add_root(plot)
