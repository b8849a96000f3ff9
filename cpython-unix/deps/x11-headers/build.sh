# shellcheck shell=bash disable=SC2154
mkdir -p "/out$PREFIX/include" "/out$PREFIX/share/pkgconfig" "/out/licenses/$NAME"
cp -r /usr/include/X11 "/out$PREFIX/include/"
cp /usr/share/pkgconfig/{*proto*,xtrans*}.pc "/out$PREFIX/share/pkgconfig/"
cp /usr/share/doc/x11proto-dev/copyright "/out/licenses/$NAME/LICENSE.$NAME.txt"
