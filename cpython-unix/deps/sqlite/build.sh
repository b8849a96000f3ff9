# shellcheck shell=bash disable=SC2154
read -r -a features <<< "$SQLITE_FEATURES"
read -r -a system <<< "$SQLITE_SYSTEM"
features=("${features[@]/#/-DSQLITE_}")

# UPDATE_DELETE_LIMIT changes the grammar, so the features count where the amalgamation is made, too.
CC=$CC_FOR_BUILD CFLAGS=-O1 CPPFLAGS='' LDFLAGS='' ./configure --with-tclsh=/usr/bin/tclsh --disable-readline --update-limit
make OPTS="${features[*]}" sqlite3.c sqlite3.h sqlite3ext.h

read -r -a flags <<< "$CFLAGS"
$CC "${flags[@]}" "${features[@]}" "${system[@]/#/-D}" -c sqlite3.c
"$AR" crs libsqlite3.a sqlite3.o
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
