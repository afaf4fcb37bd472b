#!/bin/sh
# Compiler wrapper for Verilator's makefile (OBJCACHE): keeps the objects of Verilator's own runtime.
# They are the same for every design built with the same options and cost about 30 CPU seconds each time.
# Usage: objcache.sh CXX ARGS... (the cache folder in PYRALIS_OBJCACHE)
source= object= previous= named=
for argument in "$@"; do
  case "$argument" in
    */verilated*.cpp) source=$argument ;;
    V*|*/V*) named=1 ;;  # the design's own header (precompiled) is not part of the runtime
  esac
  [ "$previous" = -o ] && object=$argument
  previous=$argument
done
[ -n "$source" ] && [ -z "$named" ] && [ -n "$PYRALIS_OBJCACHE" ] || exec "$@"
[ -n "$object" ] || object=$(basename "$source" .cpp).o
key=$({ echo "$@"; "$1" --version; cksum "$source"; } | cksum | tr -d ' ')
kept=$PYRALIS_OBJCACHE/$key
if [ -f "$kept.o" ]; then
  cp "$kept.o" "$object"
  [ -f "$kept.d" ] && cp "$kept.d" "${object%.o}.d"
  exit 0
fi
"$@" || exit $?
mkdir -p "$PYRALIS_OBJCACHE"
[ -f "${object%.o}.d" ] && cp "${object%.o}.d" "$kept.d.$$" && mv "$kept.d.$$" "$kept.d"
cp "$object" "$kept.o.$$" && mv "$kept.o.$$" "$kept.o"
