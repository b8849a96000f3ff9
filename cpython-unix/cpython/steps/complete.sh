# What belongs to the installation and does not come from CPython: the unversioned name, Tcl and Tk,
# terminal descriptions; and lib-dynload, without which the interpreter warns, however empty it is.
prefix=/out/python/install
library="lib/python$PYTHON_MINOR${ABI_SUFFIX%d}"
ln -s "python$PYTHON_MINOR" "$prefix/bin/python"
mkdir -p "$prefix/$library/lib-dynload" "$prefix/share"
touch "$prefix/$library/lib-dynload/.keep"
cp -a "$PREFIX/share/terminfo" "$prefix/share/"
for item in "$PREFIX"/lib/libtcl*.so "$PREFIX"/lib/{tcl,tk,itcl,thread}[0-9]*; do
    if [ -e "$item" ]; then cp -a "$item" "$prefix/lib/"; fi
done
