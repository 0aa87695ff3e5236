# skewbench: `make help` explains every target.
#
# Sources are found, not listed: a new .cc file takes part by its name.
#   *_ref.cc, *_test.cc   built without -march and fast-math
#   *_test.cc             one test program each; *_mpi_test.cc runs under mpirun on the ranks named in its "// ranks:" line
#   *_bench.cc            one Google Benchmark program each
#   *_main.cc             one program each, build/bin/<name without _main>
#   everything else       build/lib/lib<top folder>.a
# With nvcc, besides:
#   *.cu, *_cuda.cc, *_cudnn.cc, *_nccl.cc   into the same libraries
#   *_cuda_test.cc, *_cuda_mpi_test.cc       test programs that run CUDA kernels: translated to the CPU in build/cuda_on_cpu,
#                                            linked with NVIDIA's runtime in build/gpu
#   *_without_cuda.cc     only where there is no nvcc
#   mutation_main.cc      two programs an operation, build/cuda_on_cpu/{samples,mutants}/<op>: its tests against mutants of its kernels
BUILD  ?= $(if $(SANITIZE),build-sanitize,build)
CXX    ?= g++
MPICXX ?= mpicxx
MARCH  ?= native
PREFIX ?=
DATA   ?= $(if $(PREFIX),$(wildcard $(PREFIX)/share/datasets/fashion-mnist))
PYTHON := $(BUILD)/venv/bin/python
NVCC   ?= $(shell command -v nvcc 2>/dev/null)

# Debian's HDF5 is found by pkg-config; a PREFIX made by `make deps` comes first.
export PKG_CONFIG_PATH := $(if $(PREFIX),$(PREFIX)/lib/pkgconfig:$(PREFIX)/share/pkgconfig:)$(PKG_CONFIG_PATH)
PREFIX_INCLUDE = $(if $(PREFIX),-I$(PREFIX)/include)
PREFIX_LIB     = $(if $(PREFIX),-L$(PREFIX)/lib -Wl$(comma)-rpath$(comma)$(PREFIX)/lib)
comma := ,
HDF5_CFLAGS := $(shell pkg-config --cflags hdf5 2>/dev/null)
HDF5_LIBS   := $(shell pkg-config --libs hdf5 2>/dev/null || echo -lhdf5)

# SANITIZE=1: a finding ends the program. Less optimised, or inlining hides where; GCC's warning is wrong about std::regex.
# Open MPI leaks at start-up: run with ASAN_OPTIONS=detect_leaks=0.
SANITIZERS := $(if $(SANITIZE),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -Wno-maybe-uninitialized)

# -Wno-psabi: how a vector wider than a register is passed does not matter, since whatever takes one is inlined (kernels/base/lanes.h).
# Contraction is off everywhere: production code writes std::fma where it wants one, so a reference in plain loops can
# state the same operations and be equal to the bit.
COMMON     := -std=c++20 -g1 -ffp-contract=off -Wall -Wextra -Wshadow -Werror -Wno-stringop-overflow -Wno-array-bounds -Wno-psabi -MMD -MP -I. -DOMPI_SKIP_MPICXX -DMPICH_SKIP_MPICXX $(SANITIZERS)
COMPUTE    := $(if $(SANITIZE),-O1,-O3) -march=$(MARCH) -fno-math-errno -fno-trapping-math -fopenmp-simd -fopenmp
REFERENCE  := -O2
# Tests, programs, the kernels' benchmarks and the translator are mostly headers, and what takes time in them is in the
# libraries (but the loops that measure the peaks): -Og compiles in half of the time of -O3.
THIN       := -Og -fopenmp
INCLUDES    = $(PREFIX_INCLUDE) $(HDF5_CFLAGS) $(CUDA_INCLUDE)
LIBS        = $(SANITIZERS) $(PREFIX_LIB) -ldnnl $(HDF5_LIBS) -lz -lfmt -fopenmp
TEST_LIBS   = -lgtest -lpthread

# CUDA. sm_80 is the lowest that runs the kernels; the PTX in the object makes them run on whatever comes later, too.
# One call of nvcc gives the object, the PTX that is translated, the cubins and ptxas' report, all kept under build/cuda.
CUDA_HOME    := $(if $(NVCC),$(patsubst %/bin/,%,$(dir $(realpath $(shell command -v $(NVCC))))))
CUDA_LIB_DIR := $(firstword $(wildcard $(CUDA_HOME)/lib64 $(CUDA_HOME)/lib $(CUDA_HOME)/targets/x86_64-linux/lib))
# Beside the toolkit, or where Debian's packages put them; the compiler looks there by itself, and must not be told to.
NVIDIA_HEADERS := $(CUDA_HOME)/include /usr/local/include /usr/include /usr/include/$(shell uname -m)-linux-gnu
HAS_CUDNN    := $(if $(NVCC),$(firstword $(wildcard $(addsuffix /cudnn.h,$(NVIDIA_HEADERS)))))
HAS_NCCL     := $(if $(NVCC),$(firstword $(wildcard $(addsuffix /nccl.h,$(NVIDIA_HEADERS)))))
CUDA_INCLUDE := $(if $(NVCC),$(if $(filter-out /usr,$(CUDA_HOME)),-isystem $(CUDA_HOME)/include) -DSKEWBENCH_CUDA $(if $(HAS_CUDNN),-DSKEWBENCH_CUDNN) $(if $(HAS_NCCL),-DSKEWBENCH_NCCL))
CUDA_LIBS    := $(if $(NVCC),-L$(CUDA_LIB_DIR) -Wl$(comma)-rpath$(comma)$(CUDA_LIB_DIR) -Wl$(comma)--as-needed $(if $(HAS_CUDNN),-lcudnn) $(if $(HAS_NCCL),-lnccl) -lcudart_static -ldl -lrt -lpthread)
NVCC_FLAGS   := -std=c++20 -O3 -lineinfo -fmad=false -ccbin $(CXX) -I. -Xptxas -v -MMD -MP
# The test kernels of kernels/cuda_on_cpu never run on a GPU: PTX alone.
architectures = -gencode 'arch=compute_80,code=[compute_80$(if $(filter kernels/cuda_on_cpu/%,$(1)),,$(comma)sm_80$(comma)sm_90)]'

FOLDERS := kernels comm partitions bench
ONLY_CUDA := %_cuda.cc %_cudnn.cc %_nccl.cc %_cuda_test.cc %_cuda_mpi_test.cc kernels/cuda_on_cpu/%
FOUND   := $(sort $(shell find $(FOLDERS) -name '*.cc'))
SOURCES := $(if $(NVCC),$(filter-out %_without_cuda.cc,$(FOUND)),$(sort $(filter-out $(ONLY_CUDA),$(FOUND)) $(filter %_without_cuda.cc,$(FOUND))))
CUDA_TESTS := $(filter %_cuda_test.cc %_cuda_mpi_test.cc,$(SOURCES))
TESTS   := $(filter-out $(CUDA_TESTS),$(filter %_test.cc,$(SOURCES)))
BENCHES := $(filter %_bench.cc,$(SOURCES))
MUTATION_MAIN := $(filter kernels/cuda_on_cpu/mutation_main.cc,$(SOURCES))
SPEED_MAIN := $(filter kernels/cuda_on_cpu/speed_main.cc,$(SOURCES))
MAINS   := $(filter-out $(MUTATION_MAIN) $(SPEED_MAIN),$(filter %_main.cc,$(SOURCES)))
PTX_PARTS := $(filter-out %_test.cc %_bench.cc %_main.cc,$(filter kernels/cuda_on_cpu/ptx_%,$(SOURCES)))
SPEED_PARTS := $(filter kernels/cuda_on_cpu/speed_loops.cc,$(SOURCES))
ON_CPU_PARTS := $(filter-out $(PTX_PARTS) $(SPEED_PARTS) %_test.cc %_bench.cc %_main.cc,$(filter kernels/cuda_on_cpu/%,$(SOURCES))) $(filter %_on_mpi.cc,$(SOURCES))
PARTS   := $(filter-out $(TESTS) $(CUDA_TESTS) $(BENCHES) $(MAINS) $(MUTATION_MAIN) $(SPEED_MAIN) $(SPEED_PARTS) $(PTX_PARTS) $(ON_CPU_PARTS),$(SOURCES))
CU_SOURCES := $(if $(NVCC),$(sort $(shell find $(FOLDERS) -name '*.cu')))
CU_TEST_SOURCES := $(filter kernels/cuda_on_cpu/%,$(CU_SOURCES))
CU_PARTS := $(filter-out $(CU_TEST_SOURCES),$(CU_SOURCES))

object  = $(patsubst %.cu,$(BUILD)/obj/%.cu.o,$(patsubst %.cc,$(BUILD)/obj/%.o,$(1)))
library = $(BUILD)/lib/lib$(1).a
PROGRAMS      := $(foreach main,$(MAINS),$(BUILD)/bin/$(patsubst %_main.cc,%,$(notdir $(main))))
TEST_PROGRAMS := $(patsubst %.cc,$(BUILD)/tests/%,$(TESTS))
BENCH_PROGRAMS := $(foreach bench,$(BENCHES),$(BUILD)/bin/$(patsubst %.cc,%,$(notdir $(bench))))
LIBRARIES     := $(foreach folder,bench comm partitions kernels,$(call library,$(folder)))

# MPI's compiler wrapper where MPI may be included: comm/ and bench/. Nothing else sees mpi.h.
compiler = $(if $(filter comm/% bench/%,$(1)),$(MPICXX),$(CXX))
thin     = $(filter-out %/peaks.cc,$(filter bench/kernels/% kernels/cuda_on_cpu/ptx_% kernels/cuda_on_cpu/cudart_% kernels/cuda_on_cpu/mut% %/equivalent_mutants.cc %_cuda.cc %_cudnn.cc %_nccl.cc %_test.cc %_main.cc,$(1)))
flags    = $(COMMON) $(if $(filter %_ref.cc,$(1)),$(REFERENCE),$(if $(call thin,$(1)),$(THIN),$(COMPUTE))) $(INCLUDES)
# These start with headers compiled beforehand, by the compiler that compiles them; -Winvalid-pch (an error): never in vain.
headers  = $(BUILD)/obj/$(if $(filter comm/% bench/%,$(1)),mpi_)precompiled.h
with_headers = $(if $(call thin,$(1)),-Winvalid-pch -include $(call headers,$(1)))
export CCACHE_SLOPPINESS := pch_defines,time_macros
ifdef V
say = @:
else
say = @printf '  %-8s %s\n'
.SILENT:
endif

.PHONY: help
help: ## this list
	awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# A build uses every core, unless -j came from the command line.
PARALLEL_MAKE = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

RUN_TESTS = $(PYTHON) jobs/run_tests.py --build $(BUILD) --cuda $(if $(NVCC),on_cpu,none)

.PHONY: run test test-full
run: setup ## install, build, run the first sweep, print its table
	+$(PARALLEL_MAKE) build
	$(MAKE) --no-print-directory sweep SWEEP=jobs/sweeps/first.toml; code=$$?; \
	$(MAKE) --no-print-directory report SWEEP=jobs/sweeps/first.toml && exit $$code

test: setup ## install, build, run every test
	+$(PARALLEL_MAKE) build tests
	$(RUN_TESTS)

test-full: setup ## make test and the long matrices
	+$(PARALLEL_MAKE) build tests mutants
	$(RUN_TESTS) --full

.PHONY: setup deps
setup: ## install what is missing, make the Python environment
	PREFIX='$(PREFIX)' MPICXX='$(MPICXX)' CXX='$(CXX)' DATA='$(DATA)' jobs/setup/install.sh $(BUILD)

deps: ## small libraries from pinned sources into PREFIX=DIR
	$(if $(PREFIX),,$(error make deps needs PREFIX=DIR, the folder to install into))
	CXX='$(CXX)' MIRROR='$(MIRROR)' TARBALLS='$(TARBALLS)' DATA='$(DATA)' jobs/setup/deps.sh '$(PREFIX)' $(BUILD)

.PHONY: build tests benches
build: $(PROGRAMS) $(BENCH_PROGRAMS) ## build every program into build/bin
tests: $(TEST_PROGRAMS) ## build the test programs; SANITIZE=1: checking addresses and undefined behaviour, in build-sanitize
benches: $(BENCH_PROGRAMS)

.PHONY: sweep report table
sweep: ## run a sweep: SWEEP=jobs/sweeps/NAME.toml
	$(if $(SWEEP),,$(error make sweep needs SWEEP=jobs/sweeps/NAME.toml))
	$(PYTHON) jobs/sweep.py run $(SWEEP) --build $(BUILD) $(if $(DATA),--set data='$(DATA)')

report: ## table, figures, report.html of SWEEP=...
	$(PYTHON) -m analysis.report --sweep $(or $(SWEEP),jobs/sweeps/first.toml)

table: ## TABLE=NAME: published values, own ones beside them
	$(PYTHON) -m analysis.table --table $(TABLE)

.PHONY: bench-train
bench-train: build ## speed of whole steps, memory, start-up
	$(PYTHON) jobs/bench_train.py --build $(BUILD) $(if $(DATA),--data '$(DATA)')

.PHONY: bench-kernels bench-gpu test-gpu cuda-report
KERNEL_COUNTS = SKEWBENCH_CUDA_CHECKS=0 $(ON_CPU)/bin/bench_kernels --place device --networks lenet,resnet20 --batches 1 --counts $(BUILD)/cuda/counts.json
bench-kernels: setup ## speed of every kernel on the host; counts of translated CUDA kernels
	+$(PARALLEL_MAKE) $(BUILD)/bin/bench_kernels $(if $(NVCC),$(ON_CPU)/bin/bench_kernels)
	$(BUILD)/bin/bench_kernels --place host --out $(BUILD)/bench/kernels_host
	$(if $(NVCC),$(KERNEL_COUNTS) --out $(BUILD)/bench/kernels_counts,echo 'no nvcc: CUDA kernels are not built and not counted')

bench-gpu: ## speed of CUDA kernels on a GPU, beside cuDNN; OPTIONS=... chooses rows
	python3 jobs/gpu_run.py check
	$(WITHOUT)
	+$(PARALLEL_MAKE) $(BUILD)/bin/bench_kernels
	python3 jobs/gpu_run.py bench --build $(BUILD) $(OPTIONS)

WITHOUT = $(if $(HAS_CUDNN),:,echo 'built without cuDNN: there is no cudnn.h in $(NVIDIA_HEADERS)'); $(if $(HAS_NCCL),:,echo 'built without NCCL: there is no nccl.h in $(NVIDIA_HEADERS)')
test-gpu: ## every CUDA test on a GPU, with compute-sanitizer where it is; writes results/gpu/
	python3 jobs/gpu_run.py check
	$(WITHOUT)
	+$(PARALLEL_MAKE) $(GPU_TESTS)
	python3 jobs/gpu_run.py test --build $(BUILD)

cuda-report: setup ## registers, spills, widths, occupancy, traffic of every CUDA kernel, without a GPU
	$(if $(NVCC),+$(PARALLEL_MAKE) $(call object,$(CU_PARTS)) $(ON_CPU)/bin/bench_kernels)
	$(if $(NVCC),$(KERNEL_COUNTS) > $(BUILD)/cuda/counts.txt || { cat $(BUILD)/cuda/counts.txt; exit 1; })
	$(PYTHON) jobs/cuda_report.py --build $(BUILD) --json $(BUILD)/cuda/report.json

.PHONY: bench-cuda-on-cpu
bench-cuda-on-cpu: $(BUILD)/cuda_on_cpu/bin/speed ## translated kernels beside the same loops in C++, checks off
	$<

.PHONY: lint clean
lint: ## check the rules that a machine can check
	python3 jobs/lint.py

clean: ## remove the build folder
	rm -rf $(BUILD)

# Objects, libraries, programs. A change of flags rebuilds: the stamp holds them.
STAMP := $(BUILD)/flags
FLAGS_TEXT := $(CXX) $(MPICXX) $(COMMON) $(COMPUTE) $(REFERENCE) $(THIN) $(INCLUDES) $(NVCC) $(NVCC_FLAGS) $(architectures)
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(strip $(FLAGS_TEXT)))
$(shell mkdir -p $(BUILD) && printf '%s' "$(strip $(FLAGS_TEXT))" > $(STAMP))
endif

$(BUILD)/obj/%.o: %.cc $(STAMP)
	$(say) CXX $<
	mkdir -p $(@D)
	$(call compiler,$<) $(call flags,$<) $(call with_headers,$<) -c $< -o $@

define precompiled
$(call headers,$(firstword $(1))).gch: kernels/base/precompiled.h $(STAMP)
	$(say) HEADERS $$(@F)
	mkdir -p $$(@D)
	$(call compiler,$(firstword $(1))) $(call flags,$(firstword $(1))) -x c++-header -c $$< -o $$@
$(call object,$(1)): $(call headers,$(firstword $(1))).gch
endef
$(eval $(call precompiled,$(filter kernels/% partitions/%,$(call thin,$(SOURCES)))))
$(eval $(call precompiled,$(filter comm/% bench/%,$(call thin,$(SOURCES)))))

define folder_library
$(call library,$(1)): $(call object,$(filter $(1)/%,$(PARTS) $(CU_PARTS)))
	$(say) AR $$@
	mkdir -p $$(@D)
	rm -f $$@
	ar rcs $$@ $$^
endef
$(foreach folder,$(FOLDERS),$(eval $(call folder_library,$(folder))))

# What a program of a folder links against; the order is that of who includes whom.
# The translator is linked without the kernels: it is needed to make them.
PTX_LIB := $(BUILD)/lib/libptx.a
only_translates = $(filter-out %_cuda_test.cc,$(filter kernels/cuda_on_cpu/ptx_%,$(1)))
uses = $(if $(call only_translates,$(1)),$(PTX_LIB),$(if $(filter kernels/cuda_on_cpu/%,$(1)),$(PTX_LIB) $(BUILD)/lib/libcuda_on_cpu.a $(call library,kernels),$(if $(filter bench/%,$(1)),$(LIBRARIES),$(if $(filter comm/%,$(1)),$(call library,comm) $(call library,kernels),$(if $(filter partitions/%,$(1)),$(call library,partitions) $(call library,kernels),$(call library,kernels))))))

define program
$(1): $(call object,$(2)) $(call uses,$(2))
	$(say) LINK $$@
	mkdir -p $$(@D)
	$(call compiler,$(2)) $$^ $(3) $$(LIBS) $$(CUDA_LIBS) -o $$@
endef
google_benchmark = $(if $(filter bench/kernels/%,$(1)),-lbenchmark -lpthread)
$(foreach main,$(MAINS),$(eval $(call program,$(BUILD)/bin/$(patsubst %_main.cc,%,$(notdir $(main))),$(main),$(call google_benchmark,$(main)))))
$(foreach bench,$(BENCHES),$(eval $(call program,$(BUILD)/bin/$(patsubst %.cc,%,$(notdir $(bench))),$(bench),-lbenchmark -lpthread)))
$(foreach test,$(TESTS),$(eval $(call program,$(BUILD)/tests/$(patsubst %.cc,%,$(test)),$(test),$$(TEST_LIBS) $(call google_benchmark,$(test)) $(if $(filter %_mpi_test.cc,$(test)),,-lgtest_main))))

# CUDA kernels: nvcc's object, then the same kernels' PTX as C++ (kernels/cuda_on_cpu/README.md).
$(BUILD)/obj/%.cu.o: %.cu $(STAMP)
	$(say) NVCC $<
	mkdir -p $(@D) $(BUILD)/cuda/$*
	$(NVCC) $(NVCC_FLAGS) $(call architectures,$<) -MF $(@:.o=.d) --keep --keep-dir $(BUILD)/cuda/$* -c $< -o $@ >$(BUILD)/cuda/$*/ptxas.txt 2>&1 \
	  || { cat $(BUILD)/cuda/$*/ptxas.txt; rm -f $@; exit 1; }

ON_CPU := $(BUILD)/cuda_on_cpu
PTX_TO_CPP ?= $(BUILD)/bin/ptx_to_cpp
CUDA_ON_CPU_LIB ?= $(BUILD)/lib/libcuda_on_cpu.a
PTX_FLAGS ?= -std=c++20 -O2 -march=$(MARCH) -ffp-contract=off -fno-math-errno -fno-trapping-math -fno-strict-aliasing -w -I.
translated = $(patsubst %.cu,$(ON_CPU)/obj/%.ptx.o,$(1))
.SECONDARY:

$(ON_CPU)/obj/%.ptx.cc: $(BUILD)/obj/%.cu.o $(PTX_TO_CPP)
	mkdir -p $(@D)
	$(PTX_TO_CPP) $(if $(filter $(CU_PARTS),$*.cu),--mutants few) $(BUILD)/cuda/$*/$(notdir $*).ptx -o $@

$(ON_CPU)/obj/%.ptx.o: $(ON_CPU)/obj/%.ptx.cc $(STAMP)
	$(say) PTX $*.cu
	$(CXX) $(PTX_FLAGS) -MMD -MP -c $< -o $@

$(PTX_LIB): $(call object,$(PTX_PARTS))
$(BUILD)/lib/libcuda_on_cpu.a: $(call object,$(ON_CPU_PARTS))
$(PTX_LIB) $(BUILD)/lib/libcuda_on_cpu.a:
	$(say) AR $@
	mkdir -p $(@D)
	rm -f $@
	ar rcs $@ $^

# Translated kernels register themselves by static objects, so all of them are linked. The machine stands last once more: the
# libraries before it call the CUDA runtime, which it stands in for.
CUDA_TEST_LIBS = $(TEST_LIBS) $(if $(filter %_cuda_mpi_test.cc,$(1)),,-lgtest_main)
define program_on_cpu
$(1): $(call object,$(2)) $(if $(filter kernels/cuda_on_cpu/%,$(2)),$(call object,$(CU_TEST_SOURCES)) $(call translated,$(CU_TEST_SOURCES)),$(call translated,$(CU_PARTS))) $(call uses,$(2)) $(CUDA_ON_CPU_LIB)
	$(say) LINK $$@
	mkdir -p $$(@D)
	$(call compiler,$(2)) $$^ $(CUDA_ON_CPU_LIB) $(3) $$(LIBS) $(if $(HAS_CUDNN),-L$(CUDA_LIB_DIR) -Wl$(comma)-rpath$(comma)$(CUDA_LIB_DIR) -Wl$(comma)--as-needed -lcudnn) -lpthread -o $$@
endef
DEVICE_MAINS := $(filter bench/train/train_main.cc bench/kernels/bench_kernels_main.cc,$(MAINS))
ON_CPU_PROGRAMS := $(if $(NVCC),$(foreach main,$(DEVICE_MAINS),$(ON_CPU)/bin/$(patsubst %_main.cc,%,$(notdir $(main)))))
ON_CPU_TESTS := $(patsubst %.cc,$(ON_CPU)/tests/%,$(CUDA_TESTS))
GPU_TESTS := $(patsubst %.cc,$(BUILD)/gpu/tests/%,$(filter-out kernels/cuda_on_cpu/%,$(CUDA_TESTS)))
$(foreach main,$(DEVICE_MAINS),$(eval $(call program_on_cpu,$(ON_CPU)/bin/$(patsubst %_main.cc,%,$(notdir $(main))),$(main),$(call google_benchmark,$(main)))))
$(foreach test,$(CUDA_TESTS),$(eval $(call program_on_cpu,$(ON_CPU)/tests/$(patsubst %.cc,%,$(test)),$(test),$(call CUDA_TEST_LIBS,$(test)))))
$(foreach test,$(CUDA_TESTS),$(eval $(call program,$(BUILD)/gpu/tests/$(patsubst %.cc,%,$(test)),$(test),$(call CUDA_TEST_LIBS,$(test)))))

# Translated kernels beside the same loops in C++.
SPEED := $(ON_CPU)/bin/speed
SPEED_CU := $(filter kernels/cuda_on_cpu/speed_%,$(CU_TEST_SOURCES))
$(SPEED): $(call object,$(SPEED_MAIN) $(SPEED_PARTS) $(SPEED_CU)) $(call translated,$(SPEED_CU)) $(CUDA_ON_CPU_LIB) $(call object,kernels/base/device_cuda.cc)
	$(say) LINK $@
	mkdir -p $(@D)
	$(CXX) $^ $(CUDA_ON_CPU_LIB) $(LIBS) -lpthread -o $@

# An operation's tests against mutants of its kernels: samples/ of the few that the translated kernels of all programs have, mutants/
# of all. -O1: asking everywhere which mutant is active costs g++ three times as long at -O2.
MUTABLE := $(ON_CPU)/mutants
folders_of = $(sort $(patsubst %/,%,$(dir $(1))))
MUTATED := $(filter kernels/%,$(filter $(call folders_of,$(CU_PARTS)),$(call folders_of,$(filter %_cuda_test.cc,$(CUDA_TESTS)))))
MUTANT_PROGRAMS := $(patsubst kernels/%,$(MUTABLE)/%,$(MUTATED))
SAMPLE_PROGRAMS := $(patsubst kernels/%,$(ON_CPU)/samples/%,$(MUTATED))

$(MUTABLE)/obj/%.ptx.cc: $(BUILD)/obj/%.cu.o $(PTX_TO_CPP)
	mkdir -p $(@D)
	$(PTX_TO_CPP) --mutants all $(BUILD)/cuda/$*/$(notdir $*).ptx -o $@

$(MUTABLE)/obj/%.ptx.o: $(MUTABLE)/obj/%.ptx.cc $(STAMP)
	$(say) MUTABLE $*.cu
	$(CXX) $(patsubst -O2,-O1,$(PTX_FLAGS)) -MMD -MP -c $< -o $@

# program, folder, its kernels
define mutant_program
$(1): $(call object,$(MUTATION_MAIN) $(filter $(2)/%_cuda_test.cc,$(CUDA_TESTS))) $(3) $(call translated,$(filter-out $(2)/%,$(filter kernels/base/%,$(CU_PARTS)))) $(call library,kernels) $(CUDA_ON_CPU_LIB)
	$(say) LINK $$@
	mkdir -p $$(@D)
	$(CXX) $$^ $(TEST_LIBS) $$(LIBS) $(if $(HAS_CUDNN),-L$(CUDA_LIB_DIR) -Wl$(comma)-rpath$(comma)$(CUDA_LIB_DIR) -Wl$(comma)--as-needed -lcudnn) -lpthread -o $$@
endef
$(foreach folder,$(MUTATED),$(eval $(call mutant_program,$(patsubst kernels/%,$(MUTABLE)/%,$(folder)),$(folder),$(patsubst %.cu,$(MUTABLE)/obj/%.ptx.o,$(filter $(folder)/%.cu,$(CU_PARTS))))))
$(foreach folder,$(MUTATED),$(eval $(call mutant_program,$(patsubst kernels/%,$(ON_CPU)/samples/%,$(folder)),$(folder),$(call translated,$(filter $(folder)/%.cu,$(CU_PARTS))))))

tests: $(if $(filter %ptx_to_cpp_main.cc,$(MAINS)),$(ON_CPU_TESTS) $(ON_CPU_PROGRAMS) $(SAMPLE_PROGRAMS))

.PHONY: mutants
mutants: $(MUTANT_PROGRAMS)

-include $(patsubst %.cu,$(ON_CPU)/obj/%.ptx.d,$(CU_SOURCES)) $(patsubst %.cu,$(MUTABLE)/obj/%.ptx.d,$(CU_SOURCES))
-include $(BUILD)/obj/precompiled.h.d $(BUILD)/obj/mpi_precompiled.h.d
-include $(patsubst %.cc,$(BUILD)/obj/%.d,$(SOURCES)) $(patsubst %.cu,$(BUILD)/obj/%.cu.d,$(CU_SOURCES))
