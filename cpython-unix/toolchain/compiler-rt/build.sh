# shellcheck shell=bash disable=SC2154
# The configuration file names the directory that is only now made: until then the compiler's own headers do.
resources=/out/tools/toolchain/resources
library=$resources/lib/$TARGET
headers=$(clang -print-resource-dir)
mkdir -p "$library" /build/{builtins,profile}
cp -r "$headers/include" "$resources/include"
compile="$CC -resource-dir=$headers -O2 -fPIC -fvisibility=hidden -fomit-frame-pointer -DVISIBILITY_HIDDEN \
    -ffile-prefix-map=/build=."
# Runs each line of its input as the end of a compiler's command, several at once.
compile_all() { xargs -P "$NUM_JOBS" -I WORDS sh -c "$compile $* -c WORDS"; }

# Where a processor has a file of its own, that takes the place of the general one of the same name.
cd compiler-rt/lib/builtins
read -r -a lists <<< "$RT_LISTS"
read -r -a files <<< "$RT_FILES"
read -r -a operations <<< "$RT_OUTLINE_ATOMICS"
for list in "${lists[@]}"; do
    awk -v head="set($list" '$0 == head { inside = 1; next } inside && /\)/ { exit } inside && $1 !~ /^\$/ { print $1 }' CMakeLists.txt
done > /build/listed
printf '%s\n' "${files[@]}" | cat /build/listed - |
    awk -F/ '{ name = $NF; sub(/\.[^.]*$/, "", name); if (!(name in file) || NF > 1) file[name] = $0 }
        END { for (name in file) print file[name] }' |
    while read -r file; do echo "$RT_FLAGS $file -o /build/builtins/${file//\//_}.o"; done | compile_all -fno-builtin -I.
for operation in "${operations[@]}"; do
    for model in 1 2 3 4 5; do
        echo "-DL_${operation%:*} -DSIZE=${operation#*:} -DMODEL=$model aarch64/lse.S -o /build/builtins/${operation/:/_}_$model.o"
    done
done | compile_all -I.
"$AR" crs "$library/libclang_rt.builtins.a" /build/builtins/*.o

for part in crtbegin crtend; do
    echo "$part.c -o $library/clang_rt.$part.o"
done | compile_all -DCRT_HAS_INITFINI_ARRAY

cd ../profile
for file in GCDAProfiling.c InstrProfiling*.c InstrProfilingRuntime.cpp; do
    echo "$file -o /build/profile/$file.o"
done | compile_all -I.. -I../../include -DCOMPILER_RT_HAS_ATOMICS=1 -DCOMPILER_RT_HAS_FCNTL_LCK=1 \
    -DCOMPILER_RT_HAS_FLOCK=1 -DCOMPILER_RT_HAS_UNAME=1
"$AR" crs "$library/libclang_rt.profile.a" /build/profile/*.o
