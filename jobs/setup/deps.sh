#!/usr/bin/env bash
# Builds the small libraries without root: deps.sh PREFIX BUILD
#
# fmt, CLI11, GoogleTest, Google Benchmark and zlib, as pinned in sources.txt, become static libraries, headers and
# .pc files in PREFIX. Needs a C++ compiler, make, tar, and curl or wget; no cmake, the libraries are small.
#
# Environment: CXX; MIRROR (the address of a Debian mirror, below which the paths of sources.txt are) or TARBALLS (a folder
# with the tarballs, where there is no internet); DATA (a folder or a tarball with the four Fashion-MNIST files, placed
# in PREFIX/share/datasets/fashion-mnist).
set -euo pipefail

prefix=${1:?"usage: deps.sh PREFIX BUILD"}
build=${2:?"usage: deps.sh PREFIX BUILD"}
here=$(cd "$(dirname "$0")" && pwd)
cxx=${CXX:-g++}
tarballs=${TARBALLS:-}
mirror=${MIRROR:-}
data=${DATA:-}
mkdir -p "$prefix"/{include,lib/pkgconfig} "$build/deps"
prefix=$(cd "$prefix" && pwd)
work=$(cd "$build/deps" && pwd)

say() { printf 'deps: %s\n' "$*"; }
stop() { printf 'deps: %s\n' "$*" >&2; exit 1; }

# fetch FILE PATH SHA256: FILE in $work, with this checksum, or stop.
fetch() {
  local file=$work/$1 sum
  if [ -n "$tarballs" ]; then
    [ -r "$tarballs/$1" ] || stop "$tarballs has no $1; Debian mirrors have it as $2"
    cp "$tarballs/$1" "$file"
  elif [ ! -e "$file" ]; then
    [ -n "$mirror" ] || stop "where is $1? Give MIRROR=ADDRESS of a Debian mirror, which has it as $2, or TARBALLS=DIR"
    if command -v curl >/dev/null; then
      curl -fsSL --retry 2 -o "$file.part" "${mirror%/}/$2"
    elif command -v wget >/dev/null; then
      wget -q -O "$file.part" "${mirror%/}/$2"
    else
      stop "neither curl nor wget is here; get $2 of a Debian mirror elsewhere and give TARBALLS=DIR"
    fi || stop "${mirror%/}/$2 cannot be downloaded; get it elsewhere and give TARBALLS=DIR"
    mv "$file.part" "$file"
  fi
  sum=$(sha256sum <"$file")
  if [ "${sum%% *}" != "$3" ]; then
    rm -f "$file"
    stop "$1 has the SHA-256 ${sum%% *}, not the pinned $3"
  fi
}

# tar leans on the programs xz and bzip2; Python brings its own.
unpack() { tar -xf "$1" -C "$2" 2>/dev/null || python3 -m tarfile -e "$1" "$2" 2>/dev/null; }

# archive NAME SOURCE...: compiles the sources with $flags into lib/libNAME.a.
archive() {
  local name=$1 source objects=()
  shift
  for source; do
    $cxx -std=c++17 -O2 -fPIC $flags -c "$source" -o "$name-$(basename "$source" .cc).o"
    objects+=("$name-$(basename "$source" .cc).o")
  done
  rm -f "$prefix/lib/lib$name.a"
  ar rcs "$prefix/lib/lib$name.a" "${objects[@]}"
}

# describe NAME VERSION LIBS: the .pc file.
describe() {
  printf 'prefix=%s\nName: %s\nDescription: %s\nVersion: %s\nCflags: -I${prefix}/include\nLibs: -L${prefix}/lib %s\n' \
    "$prefix" "$1" "$1" "$2" "$3" >"$prefix/lib/pkgconfig/$1.pc"
}

build_fmt() {
  cp -r include/fmt "$prefix/include/"
  flags=-Iinclude archive fmt src/format.cc src/os.cc
  describe fmt "$1" -lfmt
}

build_cli11() {
  cp -r include/CLI "$prefix/include/"
  describe CLI11 "$1" ""
}

build_gtest() {
  cd googletest
  cp -r include/gtest "$prefix/include/"
  flags="-Iinclude -I." archive gtest src/gtest-all.cc
  flags="-Iinclude -I." archive gtest_main src/gtest_main.cc
  describe gtest "$1" "-lgtest -lpthread"
  describe gtest_main "$1" "-lgtest_main -lgtest -lpthread"
}

build_benchmark() {
  cp -r include/benchmark "$prefix/include/"
  local sources=() source
  for source in src/*.cc; do [ "$source" = src/benchmark_main.cc ] || sources+=("$source"); done
  flags="-Iinclude -Isrc -DNDEBUG -DHAVE_STD_REGEX -DHAVE_STEADY_CLOCK" archive benchmark "${sources[@]}"
  describe benchmark "$1" "-lbenchmark -lpthread"
}

build_zlib() {
  CFLAGS="-O2 -fPIC" ./configure --static --prefix="$prefix" >configure.log  # writes its own .pc file
  make libz.a install >make.log 2>&1
}

place_images() {
  local target=$prefix/share/datasets/fashion-mnist name found
  [ -e "$data" ] || stop "DATA=$data does not exist"
  [ "$data" -ef "$target" ] && return
  if [ ! -d "$data" ]; then
    rm -rf "$work/images"
    mkdir "$work/images"
    unpack "$data" "$work/images" || stop "$data is no tarball"
    data=$work/images
  fi
  mkdir -p "$target"
  for name in {train,t10k}-{images-idx3,labels-idx1}-ubyte; do
    found=$(find "$data" -name "$name.gz" -o -name "$name" | head -n1)
    [ -n "$found" ] || stop "DATA has no $name.gz"
    cp "$found" "$target/"
  done
  say "✓ Fashion-MNIST in $target"
}

# Not `build_... || stop`: the shell ignores -e on the left of ||.
trap 'stop "$name $version does not build in $work/$name"' ERR
while read -r name version sum path; do
  file=${path##*/}
  fetch "$file" "$path" "$sum"
  rm -rf "${work:?}/$name"
  mkdir "$work/$name"
  unpack "$work/$file" "$work/$name" || stop "$file cannot be unpacked; are xz and bzip2 there?"
  (cd "$work/$name"/*/; "build_$name" "$version")
  say "✓ $name $version"
done < <(grep -v '^#' "$here/sources.txt")
trap - ERR
[ -z "$data" ] || place_images
say "done; now give PREFIX=$prefix to every make"
