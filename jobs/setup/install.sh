#!/usr/bin/env bash
# Makes a machine ready to build and run: install.sh BUILD
#
# Looks for every part by compiling or linking something tiny with it, never by asking a package manager. What is
# missing is installed with apt (as root or through sudo without a password); elsewhere it prints what to install or
# load, and stops. Then it makes the Python environment BUILD/venv from analysis/requirements.txt.
#
# Environment: CXX, MPICXX (mpicxx.mpich asks for MPICH), PREFIX (libraries of `make deps`), DATA (folder with the
# Fashion-MNIST files, default Debian's), PYTHON3 (the Python to use).
set -uo pipefail

build=${1:?"usage: install.sh BUILD"}
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cxx=${CXX:-g++}
mpicxx=${MPICXX:-mpicxx}
prefix=${PREFIX:-}
data=${DATA:-/usr/share/datasets/fashion-mnist}
log=$build/setup.log
requirements=$root/analysis/requirements.txt
mkdir -p "$build" || exit 1

say() { printf 'setup: %s\n' "$*"; }
stop() { printf 'setup: %s\n' "$*" >&2; exit 1; }

case $mpicxx in
  *mpich*) mpi=mpich ;;
  *) mpi=mpi ;;
esac
parts="compiler $mpi hdf5 onednn gtest benchmark cli11 fmt zlib fashion_mnist python"

label() {
  case $1 in
    compiler) echo "C++20 compiler ($cxx)" ;;
    mpi|mpich) echo "MPI ($mpicxx)" ;;
    hdf5) echo HDF5 ;;
    onednn) echo oneDNN ;;
    gtest) echo GoogleTest ;;
    benchmark) echo "Google Benchmark" ;;
    cli11) echo CLI11 ;;
    fmt) echo fmt ;;
    zlib) echo zlib ;;
    fashion_mnist) echo "Fashion-MNIST in $data" ;;
    python) echo "Python 3.9 or later with venv" ;;
  esac
}

packages() { awk -v part="$1" '$1 == part {$1 = ""; print substr($0, 2)}' "$here/packages.debian"; }

# links COMPILER HEADER [FLAG...]: a program that includes nothing but asks for HEADER compiles and links.
links() {
  local compiler=$1 header=$2
  shift 2
  printf '#if !__has_include(<%s>)\n#error the header %s is missing\n#endif\nint main() {}\n' "$header" "$header" |
    $compiler -std=c++20 ${prefix:+-I"$prefix/include" -L"$prefix/lib"} -x c++ - -o "$build/probe" "$@" 2>&1
}

# The same question the Makefile asks: pkg-config where it knows HDF5, the compiler's own paths elsewhere.
hdf5_flags() { pkg-config --cflags --libs hdf5 2>/dev/null || echo -lhdf5; }

find_python() {
  local candidate
  for candidate in ${PYTHON3:-/usr/bin/python3 python3 python3.13 python3.12 python3.11 python3.10 python3.9}; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))' >/dev/null 2>&1; then
      echo "$candidate"
      return 0
    fi
  done
  echo "no python3 of version 3.9 or later with the modules venv and ensurepip"
  return 1
}

# probe PART: succeeds if PART is there; otherwise prints why it is not.
probe() {
  case $1 in
    compiler) links "$cxx" span ;;
    mpi|mpich) links "$mpicxx" mpi.h && launcher ;;
    hdf5) links "$cxx" hdf5.h $(hdf5_flags) ;;
    onednn) links "$cxx" oneapi/dnnl/dnnl.hpp -ldnnl ;;
    gtest) links "$cxx" gtest/gtest.h -lgtest -lgtest_main -lpthread ;;
    benchmark) links "$cxx" benchmark/benchmark.h -lbenchmark -lpthread ;;
    cli11) links "$cxx" CLI/CLI.hpp ;;
    fmt) links "$cxx" fmt/format.h -lfmt ;;
    zlib) links "$cxx" zlib.h -lz ;;
    fashion_mnist) images ;;
    python) find_python ;;
  esac
}

launcher() {
  local name
  for name in ${MPIRUN:-$([ $mpi = mpich ] && echo mpirun.mpich mpiexec.hydra || echo mpirun.openmpi) mpirun mpiexec}; do
    command -v "$name" >/dev/null && return 0
  done
  echo "no mpirun"
  return 1
}

images() {
  local name
  for name in {train,t10k}-{images-idx3,labels-idx1}-ubyte; do
    [ -r "$data/$name.gz" ] || [ -r "$data/$name" ] || { echo "$data/$name.gz is missing"; return 1; }
  done
}

# look: sets `missing` to the parts that are not there, and prints the list.
look() {
  local part why there=()
  missing=()
  for part in $parts; do
    if why=$(probe "$part"); then
      there+=("$(label "$part")")
    else
      missing+=("$part")
      why=$(grep -m1 -i -E 'error|missing|not found|cannot|no ' <<<"$why" || head -n1 <<<"$why")
      reasons[$part]=${why##*error }
    fi
  done
  rm -f "$build/probe"
  [ ${#there[@]} -eq 0 ] || printf 'setup: ✓ %s\n' "$(join "${there[@]}")"
  for part in ${missing[@]+"${missing[@]}"}; do printf 'setup: ✗ %s: %s\n' "$(label "$part")" "${reasons[$part]}"; done
}

join() {
  local text=$1
  shift
  for item; do text+=", $item"; done
  echo "$text"
}

not_installed() {
  local package
  for package; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

# What somebody without root can do about `missing`.
explain() {
  local part small=""
  printf 'setup: these parts are missing and cannot be installed from here (%s).\n' "$1"
  printf '  On Debian or Ubuntu, as root:  apt-get install -y --no-install-recommends %s\n' "$wanted"
  printf '  On a cluster, load the modules of MPI, HDF5 (serial), oneDNN and Python 3.9 or later, for example\n'
  printf '    module load gcc openmpi hdf5 onednn python\n'
  for part in "${missing[@]}"; do
    case $part in gtest|benchmark|cli11|fmt|zlib|fashion_mnist) small=yes ;; esac
  done
  if [ -n "$small" ]; then
    printf '  The small libraries build without root:  make deps PREFIX=DIR MIRROR=ADDRESS\n  (of a Debian mirror); then give PREFIX=DIR to every make.\n'
    printf '  Fashion-MNIST may lie anywhere:  make run DATA=DIR.\n'
  fi
}

install_missing() {
  local part become="" problem
  wanted=""
  for part in "${missing[@]}"; do wanted+=" $(packages "$part")"; done
  wanted=$(echo $wanted)
  if ! command -v apt-get >/dev/null; then
    explain "no apt-get" >&2
    exit 1
  fi
  if [ "$(id -u)" != 0 ]; then
    become="sudo -n"
    if ! sudo -n true 2>/dev/null; then
      explain "not root, and no sudo without a password" >&2
      exit 1
    fi
  fi
  wanted=$(echo $(not_installed $wanted))
  if [ -n "$wanted" ]; then
    say "installing $wanted (a minute or two; log: $log)"
    # A failing update may come from one foreign source only, so the install decides.
    $become apt-get -o DPkg::Lock::Timeout=300 update >"$log" 2>&1
    if ! $become env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y \
         --no-install-recommends $wanted >>"$log" 2>&1; then
      problem=$(grep -E '^(E|Err)' "$log" | tail -n1)
      stop "apt-get could not install $wanted: ${problem:-see $log} (is the network there?)"
    fi
  fi
  look
  for part in ${missing[@]+"${missing[@]}"}; do
    say "$(label "$part") does not work although $(packages "$part") is installed: ${reasons[$part]}" >&2
  done
  [ ${#missing[@]} -eq 0 ] || exit 1
}

make_environment() {
  local python stamp=$build/venv/requirements
  python=$(find_python) || stop "$python"
  cmp -s "$requirements" "$stamp" && "$build/venv/bin/python" -c '' 2>/dev/null && return
  say "making the Python environment $build/venv (log: $log)"
  rm -rf "$build/venv"
  "$python" -m venv "$build/venv" >>"$log" 2>&1 || stop "$python -m venv failed: $(tail -n1 "$log")"
  if ! "$build/venv/bin/python" -m pip install -q --disable-pip-version-check --no-input --prefer-binary \
       -r "$requirements" >>"$log" 2>&1; then
    stop "pip could not install analysis/requirements.txt: $(grep -E '^ERROR' "$log" | tail -n1) (is the network there? log: $log)"
  fi
  cp "$requirements" "$stamp"  # last, so that an interrupted installation starts over
}

# The binary tools that `make cuda-report` needs, where the toolkit lacks them. They exist for Linux on x86-64 and Arm.
add_cuda_tools() {
  local nvcc=$1 stamp=$build/venv/cuda_tools name missing_tools=""
  for name in cuobjdump nvdisasm; do
    [ -x "$(dirname "$nvcc")/$name" ] || command -v $name >/dev/null || missing_tools+=" $name"
  done
  [ -n "$missing_tools" ] && ! cmp -s "$here/cuda_tools.txt" "$stamp" || return 0
  say "adding$missing_tools to $build/venv, which the CUDA toolkit lacks"
  if ! "$build/venv/bin/python" -m pip install -q --disable-pip-version-check --no-input -r "$here/cuda_tools.txt" >>"$log" 2>&1; then
    stop "pip could not install jobs/setup/cuda_tools.txt: $(grep -E '^ERROR' "$log" | tail -n1) (is the network there? log: $log)"
  fi
  cp "$here/cuda_tools.txt" "$stamp"
}

declare -A reasons
look
[ ${#missing[@]} -eq 0 ] || install_missing
if nvcc=$(command -v nvcc); then
  say "✓ nvcc $("$nvcc" --version | sed -n 's/.*release \([0-9.]*\).*/\1/p')"
else
  say "✗ nvcc: CUDA kernels are not built, everything else is"
fi
make_environment
[ -z "$nvcc" ] || add_cuda_tools "$nvcc"
