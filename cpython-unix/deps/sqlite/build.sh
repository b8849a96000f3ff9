# shellcheck shell=bash disable=SC2154
# UPDATE_DELETE_LIMIT changes the grammar, so the options are needed where the amalgamation is made, too.
read -r -a options <<< "$SQLITE_OPTIONS"
CC=$CC_FOR_BUILD CFLAGS=-O1 LDFLAGS='' CPPFLAGS='' ./configure --disable-tcl --disable-readline --update-limit
make OPTS="$SQLITE_OPTIONS" sqlite3.c sqlite3.h sqlite3ext.h
read -r -a flags <<< "$CFLAGS"
$CC "${flags[@]}" "${options[@]}" -c sqlite3.c -o sqlite3.o
$AR crs libsqlite3.a sqlite3.o
install -D -m 644 -t "/out$PREFIX/lib" libsqlite3.a
install -D -m 644 -t "/out$PREFIX/include" sqlite3.h sqlite3ext.h
mkdir -p "/out$PREFIX/lib/pkgconfig"
cat > "/out$PREFIX/lib/pkgconfig/sqlite3.pc" <<PC
prefix=$PREFIX
Name: SQLite
Description: SQL database engine
Version: $VERSION
Libs: -L\${prefix}/lib -lsqlite3
Libs.private: -lm -lpthread -ldl
Cflags: -I\${prefix}/include
PC
