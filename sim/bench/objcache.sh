#!/bin/sh
# Compiler wrapper for Verilator's makefile (OBJCACHE). What is the same for every design is compiled once and kept:
# the objects of Verilator's runtime (about 30 CPU seconds), and its headers as a precompiled header (about 1 for
# each file of a design; Verilator would precompile them together with the headers of each large design, and for a
# small one, whose files it compiles as one, not at all).
# Usage: objcache.sh CXX ARGS... (the cache folder in PYRALIS_OBJCACHE)
[ -n "$PYRALIS_OBJCACHE" ] || exec "$@"
source= object= previous= named= precompile= headers= level= flags=
for argument in "$@"; do
  case "$previous $argument" in
    "-x c++-header") precompile=1 ;;
    *" "*/verilated*.cpp) source=$argument ;;
    "-include V"*__pch.h.*) headers=design named=1 ;;
    *" V"*__ALL.cpp | *" "*/verilator.cpp) headers=none named=1 ;;  # a small design; cocotb's main program
    *" V"* | *" "*/V*) named=1 ;;  # of the design
  esac
  case "$previous $argument" in
    "-o "*) object=$argument ;;
    *" -include" | *" -o" | *" -c" | *" -x" | *" -MMD" | *" -I.") ;;
    *" -O"*) level=$argument ;;  # wherever it stands: the main program has it last
    *" -"*) flags="$flags $argument" ;;
  esac
  previous=$argument
done
flags="$level$flags"

# Prints the name under which something made with these arguments from these files is kept.
kept() {
  echo "$PYRALIS_OBJCACHE/$({ echo "$1"; "$2" --version; shift 2; cksum "$@"; } | cksum | tr -d ' ')"
}

if [ -n "$precompile" ]; then  # the design's own headers are small: nothing to keep
  : > "$object"
  exit 0
fi

if [ -n "$headers" ]; then
  compiler=$1
  folder=$(for flag in $flags; do file=${flag#-I}/verilated.h; [ -f "$file" ] && dirname "$file"; done | head -n 1)
  base=$(kept "$flags" "$compiler" "$folder/verilated.h" "$folder/verilated_dpi.h" "$folder/verilated_vpi.h").h
  if [ ! -f "$base.gch" ]; then
    mkdir -p "$PYRALIS_OBJCACHE"
    printf '#include "verilated.h"\n#include "verilated_dpi.h"\n#include "verilated_vpi.h"\n' > "$base.$$" &&
      mv "$base.$$" "$base"
    # shellcheck disable=SC2086  # flags are words
    "$compiler" $flags -x c++-header "$base" -o "$base.gch.$$" && mv "$base.gch.$$" "$base.gch" || exit $?
  fi
  previous=
  for argument in "$@"; do  # each argument moves to the end, some of them changed
    shift
    case "$previous $argument" in
      "-include V"*__pch.h.*) set -- "$@" "$base" -include "${argument%.*}" ;;
      *) set -- "$@" "$argument" ;;
    esac
    previous=$argument
  done
  [ "$headers" = design ] || { shift; set -- "$compiler" -include "$base" "$@"; }
  exec "$@"
fi

[ -n "$source" ] && [ -z "$named" ] || exec "$@"
[ -n "$object" ] || object=$(basename "$source" .cpp).o
kept=$(kept "$*" "$1" "$source")
if [ -f "$kept.o" ]; then
  cp "$kept.o" "$object"
  [ -f "$kept.d" ] && cp "$kept.d" "${object%.o}.d"
  exit 0
fi
"$@" || exit $?
mkdir -p "$PYRALIS_OBJCACHE"
[ -f "${object%.o}.d" ] && cp "${object%.o}.d" "$kept.d.$$" && mv "$kept.d.$$" "$kept.d"
cp "$object" "$kept.o.$$" && mv "$kept.o.$$" "$kept.o"
