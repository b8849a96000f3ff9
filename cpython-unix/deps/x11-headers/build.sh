# shellcheck shell=bash disable=SC2154
mkdir -p "/out$PREFIX/include" "/out$PREFIX/share/pkgconfig" "/out/licenses/$NAME"
cp -r /usr/include/X11 "/out$PREFIX/include/"
cp /usr/share/pkgconfig/{*proto*,xtrans*}.pc "/out$PREFIX/share/pkgconfig/"
for package in x11proto-dev xtrans-dev xcb-proto; do
    cp "/usr/share/doc/$package/copyright" "/out/licenses/$NAME/LICENSE.$NAME-$package.txt"
done
