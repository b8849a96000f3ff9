"""ImageTk: Pillow's C code finds the Tcl interpreter of _tkinter in the process, and draws into it."""

import tkinter

from PIL import Image, ImageDraw, ImageTk, features

picture = Image.new("RGB", (60, 40), "white")
ImageDraw.Draw(picture).rectangle((10, 10, 29, 29), fill=(200, 30, 40))
for kind in ("PNG", "JPEG", "WEBP"):
    picture.save(f"picture.{kind.lower()}", kind)
    red, green, _ = Image.open(f"picture.{kind.lower()}").convert("RGB").getpixel((20, 20))
    assert red > 150 > 90 > green, (kind, red, green)
assert features.check("freetype2")

root = tkinter.Tk()
photo = ImageTk.PhotoImage(picture, master=root)
label = tkinter.Label(root, image=photo)
label.pack()
root.update()
assert (label.winfo_width() >= 60, label.winfo_height() >= 40) == (True, True)
# Read back through Tk: what PIL wrote into Tk's memory.
assert root.tk.call(str(photo), "get", 20, 20) == (200, 30, 40)
assert ImageTk.getimage(photo).convert("RGB").tobytes() == picture.tobytes()
root.destroy()
