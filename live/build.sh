#!/bin/sh
# Compile kernels.c to kernels.wasm, or to the file named: ./build.sh [OUT]
# Needs clang and lld (apt-get install clang lld).
set -eu
here=$(dirname "$0")
clang --target=wasm32 -O3 -msimd128 -mbulk-memory -ffreestanding -nostdlib -Wall \
  -fvisibility=hidden -Wl,--no-entry -Wl,--export-dynamic -Wl,--export=__heap_base \
  -Wl,--import-memory -Wl,--strip-all -o "${1:-$here/kernels.wasm}" "$here/kernels.c"
# What compiled the copy in the repository: of another compiler the bytes may differ.
[ $# -gt 0 ] || clang --version | head -n 1 > "$here/kernels.clang"
