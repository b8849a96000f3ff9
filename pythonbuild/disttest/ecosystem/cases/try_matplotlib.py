"""TkAgg: a window that shows a plot, whose pixels are looked at."""

import contextlib
import ctypes
import tkinter

import matplotlib as mpl
import numpy as np

mpl.use("TkAgg")
from matplotlib.backends.backend_tkagg import FigureCanvasTkAgg
from matplotlib.figure import Figure

# pyplot looks for a display by the machine's libX11, and shows no window without one (_c_internal_utils.cpp). Tk has
# its own libX11, and a program can still put a plot into one of its windows.
has_x11 = False
with contextlib.suppress(OSError):
    has_x11 = bool(ctypes.CDLL("libX11.so.6"))
if has_x11:
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(4, 3), dpi=100)
    plt.show(block=False)
else:
    figure = Figure(figsize=(4, 3), dpi=100)
    FigureCanvasTkAgg(figure, master=tkinter.Tk()).get_tk_widget().pack()
axes = figure.subplots()
axes.plot([0, 1, 2], [0, 1, 4], color=(1, 0, 0), linewidth=8)
axes.set_title("Umlaute: äöü")
figure.canvas.draw()
assert isinstance(figure.canvas, FigureCanvasTkAgg), figure.canvas
window = figure.canvas.get_tk_widget()
assert isinstance(window, tkinter.Canvas)
# A busy machine takes its time to show a window. How large a dot is, the display says.
for _ in range(100):
    figure.canvas.start_event_loop(0.2)
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
window.winfo_toplevel().destroy()
