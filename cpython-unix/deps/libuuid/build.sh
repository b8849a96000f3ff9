# shellcheck shell=bash disable=SC2154
read -r -a flags <<< "$CFLAGS"
read -r -a system <<< "$LIBUUID_SYSTEM ${LIBUUID_MORE:-}"
sources=(libuuid/src/{clear,compare,copy,gen_uuid,isnull,pack,parse,predefined,unpack,unparse,uuid_time}.c
    lib/{md5,randutils,sha1}.c)
$CC "${flags[@]}" -D_GNU_SOURCE "${system[@]/#/-D}" -D_PATH_LOCALSTATEDIR='"/var"' -Iinclude -Ilibuuid/src -c "${sources[@]}"
"$AR" crs libuuid.a ./*.o
install -D -m 644 -t "/out$PREFIX/lib" libuuid.a
install -D -m 644 -t "/out$PREFIX/include/uuid" libuuid/src/uuid.h
mkdir -p "/out$PREFIX/lib/pkgconfig"
cat > "/out$PREFIX/lib/pkgconfig/uuid.pc" <<PC
prefix=$PREFIX
Name: uuid
Description: Universally unique id library
Version: $VERSION
Libs: -L\${prefix}/lib -luuid
Libs.private: -lpthread
Cflags: -I\${prefix}/include/uuid
PC
