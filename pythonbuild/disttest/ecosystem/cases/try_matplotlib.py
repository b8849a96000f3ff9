"""TkAgg: a window that shows a plot, whose pixels are looked at."""

import tkinter

import matplotlib as mpl

mpl.use("TkAgg")

import matplotlib.pyplot as plt
import numpy as np

figure, axes = plt.subplots(figsize=(4, 3), dpi=100)
axes.plot([0, 1, 2], [0, 1, 4], color=(1, 0, 0), linewidth=8)
axes.set_title("Umlaute: äöü")
figure.canvas.draw()
plt.show(block=False)
plt.pause(0.2)
window = figure.canvas.get_tk_widget()
assert isinstance(window, tkinter.Canvas)
assert (window.winfo_width(), window.winfo_height()) == (400, 300)
pixels = np.asarray(figure.canvas.buffer_rgba())
red = (pixels[:, :, 0] > 200) & (pixels[:, :, 1] < 60) & (pixels[:, :, 2] < 60)
assert 500 < red.sum() < 20000, red.sum()
figure.savefig("plot.pdf")
figure.savefig("plot.svg")
plt.close(figure)
