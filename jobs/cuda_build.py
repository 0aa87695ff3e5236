"""What Python tests must know about the build under test: whether it has CUDA kernels."""

import os
import shutil

# run_tests.py says what it was told (--cuda); a test that is started alone takes the build for one with nvcc where nvcc is.
HAS_KERNELS = os.environ.get("SKEWBENCH_TEST_CUDA", "on_cpu" if shutil.which("nvcc") else "none") != "none"
WHY_NONE = "no nvcc: CUDA kernels are not built"
