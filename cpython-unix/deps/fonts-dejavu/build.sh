# shellcheck shell=bash disable=SC2154
llvm-ar p "/in/sources/dejavu-sans-mono-$VERSION.deb" data.tar.xz | tar -xJf - --no-same-owner --wildcards '*/DejaVuSansMono.ttf'
install -D -m 644 -t "/out$PREFIX/share/fonts/dejavu" usr/share/fonts/truetype/dejavu/DejaVuSans{,Mono}.ttf
