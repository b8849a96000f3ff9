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
window = figure.canvas.get_tk_widget()
assert isinstance(window, tkinter.Canvas)
# A busy machine takes its time to show a window. How large a dot is, the display says.
for _ in range(100):
    plt.pause(0.2)
    if window.winfo_viewable() and window.winfo_width() > 1:
        break
size = (window.winfo_width(), window.winfo_height())
assert size == (round(figure.bbox.width), round(figure.bbox.height)), (size, figure.bbox)
assert size[0] * 3 == size[1] * 4, size
pixels = np.asarray(figure.canvas.buffer_rgba())
red = (pixels[:, :, 0] > 200) & (pixels[:, :, 1] < 60) & (pixels[:, :, 2] < 60)
assert 500 < red.sum() < 20000, red.sum()
figure.savefig("plot.pdf")
figure.savefig("plot.svg")
plt.close(figure)
