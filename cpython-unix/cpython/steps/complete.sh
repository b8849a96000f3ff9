# shellcheck shell=bash disable=SC2154
# What belongs to the installation and does not come from CPython: the unversioned name, Tcl and Tk,
# terminal descriptions; and lib-dynload, without which the interpreter warns, however empty it is.
install=/out/python/install
library="lib/python$PYTHON_MINOR${ABI_SUFFIX%d}"
ln -s "python$PYTHON_MINOR" "$install/bin/python"
mkdir -p "$install/$library/lib-dynload" "$install/share"
touch "$install/$library/lib-dynload/.keep"
cp -a "$PREFIX/share/terminfo" "$install/share/"
for item in "$PREFIX"/lib/libtcl*.so "$PREFIX"/lib/{tcl,tk,itcl,thread}[0-9]*; do
    if [ -e "$item" ]; then cp -a "$item" "$install/lib/"; fi
done
PYTHONPATH=/in/inside python3 -m pythonbuild.inside.setup_modules installed \
    --modules=/in/extension-modules.json --source="$SOURCE" --library="$install/$library"
