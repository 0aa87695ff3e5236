"""The report on CUDA kernels: its readers on texts of every tool, its rules on kernels that break one each, and the build.

The last class is the test of the kernels themselves. Where nvcc is, missing tools and missing builds fail.
"""

import contextlib
import io
import json
import os
import tempfile
import unittest
from collections import Counter
from pathlib import Path
from unittest import mock

import cuda_build
import cuda_report
import cuda_resources
import cuda_tools
import gpu_model
import ptx_text
import sass

ROOT = Path(__file__).resolve().parent.parent

SASS = """
    .section    .text._Z1fPf,"ax",@progbits
.text._Z1fPf:
_Z1fPf:
        /*0000*/                   LDG.E.64 R2, desc[UR4][R4.64] ;
        /*0010*/                   BSSY B0, `(.L_x_2) ;
        /*0020*/              @!P0 BRA `(.L_x_1) ;
.L_x_0:
        /*0030*/                   LDGSTS.E.BYPASS.LTC128B.128 [R5], [R2.64] ;
        /*0040*/                   LDG.E.128.CONSTANT R8, desc[UR4][R2.64] ;
        /*0050*/                   HMMA.1688.F32.TF32 R8, R4, R6, R8 ;
        /*0060*/              @!P1 BRA.DIV UR4, `(.L_x_3) ;
.L_x_4:
        /*0070*/                   STG.E.U8 desc[UR4][R2.64], R9 ;
        /*0080*/               @P1 BRA `(.L_x_0) ;
.L_x_1:
        /*0090*/                   BSYNC B0 ;
.L_x_2:
        /*00a0*/                   STL [R1], R2 ;
        /*00b0*/                   STG.E.128 desc[UR4][R2.64], R8 ;
        /*00c0*/                   EXIT ;
.L_x_3:
        /*00d0*/                   WARPSYNC.COLLECTIVE R5, `(.L_x_5) ;
        /*00e0*/                   BRA `(.L_x_4) ;
.L_x_5:
        /*00f0*/                   BRA `(.L_x_5);
    .section    .text._Z1gPf,"ax",@progbits
.text._Z1gPf:
        /*0000*/                   LDG.E R2, desc[UR4][R4.64] ;
        /*0010*/              @!P0 BRA `(.L_x_9) ;
.L_x_8:
        /*0020*/                   STG.E desc[UR4][R2.64], R9 ;
        /*0030*/                   EXIT ;
.L_x_9:
        /*0040*/                   LDG.E R3, desc[UR4][R4.64] ;
        /*0050*/                   BRA `(.L_x_8) ;
"""

PTX = """
.visible .entry _Z1fPf(
    .param .u64 _Z1fPf_param_0
)
.maxntid 128, 2, 1
{
    ld.param.u64     %rd1, [_Z1fPf_param_0];
$L__BB0_1:
    ld.global.nc.v4.f32     {%f1, %f2, %f3, %f4}, [%rd1];
    cp.async.cg.shared.global [%r1], [%rd1], 16;
    st.global.u8     [%rd1], %rs1;
    mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%f1}, {%r1}, {%r2}, {%f1};
    @%p1 bra     $L__BB0_1;

    st.global.f32     [%rd1], %f1;
    ret;
}
"""

PTXAS = """ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function '_Z1fPf' for 'sm_80'
ptxas info    : Function properties for _Z1fPf
    16 bytes stack frame, 8 bytes spill stores, 12 bytes spill loads
ptxas info    : Used 40 registers, used 1 barriers, 16 bytes cumulative stack size, 2048 bytes smem, 384 bytes cmem[0]
ptxas info    : Compiling entry function '_Z1fPf' for 'sm_90'
ptxas info    : Function properties for _Z1fPf
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 32 registers, used 0 barriers
"""

USAGE = """Resource usage:
 Common:
  GLOBAL:0
 Function _Z1fPf:
  REG:40 STACK:16 SHARED:2048 LOCAL:4 CONSTANT[0]:384 TEXTURE:0 SURFACE:0 SAMPLER:0
"""


class ReadersTest(unittest.TestCase):
    def test_machine_code(self):
        functions = sass.parse(SASS)
        self.assertEqual(list(functions), ["_Z1fPf", "_Z1gPf"])
        summary = sass.summarise(functions["_Z1fPf"])
        self.assertEqual(summary.loads, Counter({16: 2, 8: 1}))
        self.assertEqual(summary.loop_loads, Counter({16: 2}))
        self.assertEqual(summary.stores, Counter({16: 1, 1: 1}))
        self.assertEqual(summary.loop_stores, Counter({1: 1}))
        self.assertEqual((summary.local, summary.loop_tensor, summary.instructions), (1, 1, 16))

    def test_a_jump_back_alone_is_no_loop(self):
        summary = sass.summarise(sass.parse(SASS)["_Z1gPf"])
        self.assertEqual((summary.loads, summary.loop_loads, summary.loop_stores), (Counter({4: 2}), Counter(), Counter()))

    def test_a_loop_that_is_left_by_a_call_within_the_kernel(self):
        lines = ["    .section    .text._Z1hPf,\"ax\",@progbits", ".L_x_0:", "LDG.E.128 R8, [R2.64] ;", "@!P0 CALL.REL.NOINC `(.L_x_1) ;", "BRA `(.L_x_0) ;", ".L_x_1:",
                 "LDG.E R9, [R2.64] ;", "@P1 CALL.REL.NOINC `(.L_x_2) ;", "BRA `(.L_x_0) ;", ".L_x_2:", "EXIT ;"]
        text = "\n".join(line if line.startswith((" ", ".L")) else f"        /*{16 * i:04x}*/ {line}" for i, line in enumerate(lines))
        self.assertEqual(sass.summarise(sass.parse(text)["_Z1hPf"]).loop_loads, Counter({16: 1, 4: 1}))

    def test_ptx(self):
        summary = sass.summarise(ptx_text.parse(PTX)["_Z1fPf"])
        self.assertEqual(summary.loop_loads, Counter({16: 2}))
        self.assertEqual(summary.loop_stores, Counter({1: 1}))
        self.assertEqual(summary.stores, Counter({4: 1, 1: 1}))
        self.assertEqual(summary.loop_tensor, 1)
        self.assertEqual(cuda_tools.block_limits(PTX), {"_Z1fPf": 256})

    def test_ptxas(self):
        usages = cuda_tools.parse_ptxas(PTXAS)
        self.assertEqual(usages["_Z1fPf", "sm_80"], cuda_tools.Usage(40, 16, 2048, 0, 8, 12, 1))
        self.assertEqual(usages["_Z1fPf", "sm_90"], cuda_tools.Usage(32))

    def test_cuobjdump(self):
        self.assertEqual(cuda_tools.parse_usage(USAGE), {"_Z1fPf": cuda_tools.Usage(40, 16, 2048, 4)})

    def test_short_names(self):
        for long, short in {
            "skewbench::mix::v2::(anonymous namespace)::mix_v2_kernel(long, float const*)": "mix_v2_kernel",
            "void a::(anonymous namespace)::f_kernel<(int)64, (bool)1, 8u>(float (*)(int))": "f_kernel<64, 1, 8>",
            "void f_kernel<(skewbench::Way)0>(int)": "f_kernel<0>",
        }.items():
            self.assertEqual(cuda_tools.short_name(long), short)

    def test_a_tool_that_is_nowhere_is_named(self):
        with self.assertRaisesRegex(cuda_tools.ToolError, "no_such_tool is neither beside nvcc nor on PATH"):
            cuda_tools.find_tool("no_such_tool", [])

    def test_a_tool_in_a_wheel(self):
        with tempfile.TemporaryDirectory() as folder:
            tool = Path(folder) / "nvidia/cu13/bin/no_such_tool"
            tool.parent.mkdir(parents=True)
            tool.touch()
            self.assertEqual(cuda_tools.find_tool("no_such_tool", ["", folder]), tool)


class ModelTest(unittest.TestCase):
    """Against NVIDIA's occupancy calculator, worked by hand."""

    def occupancy(self, gpu, *launch):
        found = gpu_model.occupancy(gpu_model.load_gpus()[gpu], *launch)
        return found.warps, found.limit

    def test_occupancy(self):
        self.assertEqual(self.occupancy("A100", 256, 32, 0), (64, "warps"))
        self.assertEqual(self.occupancy("A100", 32, 16, 0), (32, "blocks"))
        self.assertEqual(self.occupancy("A100", 256, 33, 0), (48, "registers"))  # 40 a thread, 48 warps
        self.assertEqual(self.occupancy("A100", 128, 255, 0), (8, "registers"))
        self.assertEqual(self.occupancy("A100", 256, 32, 48 * 1024), (24, "shared memory"))  # 3 x 49 KiB of 164
        self.assertEqual(self.occupancy("H100", 256, 32, 48 * 1024), (32, "shared memory"))  # 4 x 49 KiB of 228

    def test_the_largest_bound_is_the_prediction(self):
        gpu = gpu_model.load_gpus()["A100"]
        self.assertEqual(gpu_model.predict(gpu, 2.039e12, 0, 0, 0, False), gpu_model.Prediction(1, "memory"))
        self.assertEqual(gpu_model.predict(gpu, 1, 1, 19.5e12, 1, False), gpu_model.Prediction(1, "compute"))
        self.assertEqual(gpu_model.predict(gpu, 1, 1, 156e12, 1, True), gpu_model.Prediction(1, "compute"))
        self.assertEqual(gpu_model.predict(gpu, 1, 108 * 1.41e9 * 128, 1, 1, False), gpu_model.Prediction(1, "L1"))
        self.assertEqual(gpu_model.predict(gpu, 1, 1, 1, 32 * 4 * 108 * 1.41e9, False), gpu_model.Prediction(1, "issue"))


class RulesTest(unittest.TestCase):
    def kernel(self, name="f_v2_kernel", folder="kernels/f", usage=None, **code):
        return cuda_resources.Kernel(name, name, folder, folder + "/f_v2.cu", "sm_80", usage or cuda_tools.Usage(32), sass.Summary(**code))

    def broken(self, table, **kernel):
        return " ".join(cuda_resources.check(self.kernel(**kernel), table))

    def test_as_expected(self):
        wide = {"loads": Counter({16: 4, 4: 1}), "loop_loads": Counter({16: 4}), "stores": Counter({16: 1})}
        self.assertEqual(self.broken({"loads": 16, "stores": 16}, **wide), "")
        self.assertEqual(self.broken({"loads": 16, "load_share": 0.8}, loads=Counter({16: 4, 4: 4})), "")
        self.assertEqual(self.broken({"tensor": "HMMA"}, tensor=Counter({"HMMA.1688": 2}), loop_tensor=2), "")

    def test_what_falls_back_is_named(self):
        self.assertIn("spills registers: 0 bytes stored, 8 loaded", self.broken({}, usage=cuda_tools.Usage(255, spill_loads=8)))
        self.assertIn("uses local memory: a stack of 16 bytes", self.broken({}, usage=cuda_tools.Usage(32, stack=16)))
        self.assertIn("1 accesses", self.broken({}, local=1))
        self.assertIn("80 % of the bytes of its global loads", self.broken({"loads": 16}, loop_loads=Counter({16: 4, 4: 4})))
        self.assertIn("0 % of the bytes of its global stores", self.broken({"stores": 16}, stores=Counter({4: 4})))
        self.assertIn("has no global load at all", self.broken({"loads": 16}))
        self.assertIn("no HMMA in a loop: no tensor-core instruction", self.broken({"tensor": "HMMA"}))
        self.assertIn("no HMMA in a loop", self.broken({"tensor": "HMMA"}, tensor=Counter({"HMMA.1688": 2})))
        self.assertIn("takes 129 registers, more than 128", self.broken({"registers": 128}, usage=cuda_tools.Usage(129)))

    def test_every_kernel_has_a_table_and_every_table_a_kernel(self):
        kernels = [self.kernel("a_kernel<1>"), self.kernel("b_kernel")]
        self.assertEqual(cuda_resources.check_all(kernels, {"kernels/f": {"a_kernel": {}, "b_kernel": {}}}), [])
        self.assertIn("b_kernel on sm_80 stands in no table", cuda_resources.check_all(kernels, {"kernels/f": {"a_kernel": {}}})[0])
        self.assertIn("there is no kernel c", cuda_resources.check_all(kernels[:1], {"kernels/f": {"a_kernel": {}, "c": {}}})[0])

    def test_a_file_that_means_nothing(self):
        with tempfile.TemporaryDirectory() as root:
            path = Path(root) / "kernels/f/resources.toml"
            path.parent.mkdir(parents=True)
            path.write_text("[a]\nload = 16\n[b]\nloads = true\n[c]\nloads = 16\n")
            _, problems = cuda_resources.load_expectations(Path(root))
            self.assertEqual(len(problems), 2, problems)
            path.write_text("[a\n")
            self.assertEqual(len(cuda_resources.load_expectations(Path(root))[1]), 1)


@unittest.skipUnless(cuda_build.HAS_KERNELS, cuda_build.WHY_NONE)
class BuildTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.build = Path(os.environ.get("SKEWBENCH_BUILD", ROOT / "build"))
        cls.expected, cls.problems = cuda_resources.load_expectations(ROOT)
        cls.kernels = cuda_resources.read_build(ROOT, cls.build, cls.expected)

    def test_every_kernel_is_as_its_folder_expects(self):
        problems = self.problems + cuda_resources.check_all(self.kernels, self.expected)
        self.assertGreater(len(self.kernels), 0)
        for kernel in self.kernels:
            if cuda_resources.CODE_KEYS & set(cuda_resources.table_of(self.expected, kernel.folder, kernel.name) or {}):
                self.assertIsNotNone(kernel.code, f"{kernel.name} on {kernel.architecture} was not disassembled")
        self.assertEqual(problems, [], "\n".join(problems))

    def test_both_tables_as_json(self):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as printed, \
             mock.patch.object(cuda_resources, "read_build", return_value=[kernel for kernel in self.kernels if kernel.code]):
            path = Path(folder) / "report.json"
            code = cuda_report.main(["--build", str(self.build), "--json", str(path)])
            report = json.loads(path.read_text())
        self.assertEqual(code, 0, printed.getvalue()[-500:])
        loads = [kernel["code"]["loads"] for kernel in report["kernels"] if kernel["name"] == "add_v2_kernel"]
        self.assertTrue(loads and all(set(widths) == {"16", "4"} for widths in loads), loads)


if __name__ == "__main__":
    unittest.main()
