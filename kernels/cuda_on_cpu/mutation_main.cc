// The tests of one operation against its mutants: build/cuda_on_cpu/mutants/<op>, and build/cuda_on_cpu/samples/<op>, whose
// kernels can be changed in a few places only
//
//   mutants [--equivalent FILE] [--ptx FOLDER] [--sample SEED | --kernel NAME | --list] [--children N]
//
// Linked with the tests of an operation and a translation of its kernels that can be changed. Runs the tests once without a mutant
// and sees which test launches which kernel and how long it takes; then changes one place of one kernel at a time and runs
// the tests that launch it, the quickest first, until one fails. A crash, a finding of the machine and a test that takes
// far longer than without the mutant count as caught. What survives is printed, and fails the kernel's line; so does an
// entry of FILE that fits nothing or that a test catches after all (equivalent_mutants.h).
//
//   --ptx FOLDER   where nvcc left the operation's PTX: its kernels only, and what "after" in an entry is compared with
//   --sample SEED  one mutant a kernel, drawn by SEED, instead of all
//   --kernel NAME  this kernel only
//   --list         the sites as the entries of FILE would name them; runs nothing
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "kernels/base/error.h"
#include "kernels/cuda_on_cpu/launch_log.h"
#include "kernels/cuda_on_cpu/mutant_choice.h"

namespace skewbench::cuda_on_cpu {
namespace {

struct Options {
  std::string equivalent, ptx;
  std::optional<uint64_t> sample;
  std::string kernel;
  bool is_list = false;
  int children = 1;
};

double processor_now() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// --- the tests -----------------------------------------------------------------------------------------------------------

/// Ends the process at the first failure: what a test would find after it does not matter.
class FirstFailureEnds : public ::testing::EmptyTestEventListener {
  void OnTestPartResult(const ::testing::TestPartResult& result) override {
    if (!result.failed()) return;
    std::fprintf(stderr, "%s:%d: %s\n", result.file_name() ? result.file_name() : "?", result.line_number(), result.message());
    std::fflush(nullptr);
    _exit(1);
  }
};

void prepare_tests(int* argc, char** argv) {
  ::testing::InitGoogleTest(argc, argv);
  auto& listeners = ::testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  listeners.Append(new FirstFailureEnds);  // owned by GoogleTest
}

std::vector<std::string> test_names() {
  std::vector<std::string> names;
  const auto& unit = *::testing::UnitTest::GetInstance();
  for (int i = 0; i < unit.total_test_suite_count(); ++i)
    for (int j = 0; j < unit.GetTestSuite(i)->total_test_count(); ++j)
      names.push_back(std::string(unit.GetTestSuite(i)->name()) + "." + unit.GetTestSuite(i)->GetTestInfo(j)->name());
  return names;
}

bool run_test(const std::string& name) {
  GTEST_FLAG_SET(filter, name);
  return RUN_ALL_TESTS() == 0;
}

std::set<std::string> launched;  // since it was cleared; on_launch takes a plain function

std::vector<ObservedTest> observe_all() {
  return observe_tests([](const auto& report) {
    on_launch = [](const LaunchReport& launch) { launched.insert(launch.kernel); };
    for (const std::string& name : test_names()) {
      launched.clear();
      const double start = processor_now();
      if (!run_test(name)) _exit(1);
      report({name, processor_now() - start, {launched.begin(), launched.end()}});
    }
  });
}

// --- what came out -------------------------------------------------------------------------------------------------------

struct Counts {
  int sites = 0, tried = 0, caught = 0, crashed = 0, late = 0, equivalent = 0, wrong = 0;
  void add(const Counts& other) {
    sites += other.sites, tried += other.tried, caught += other.caught, crashed += other.crashed, late += other.late;
    equivalent += other.equivalent, wrong += other.wrong;
  }
};

// A table in the output, a line for each kernel; the test runner shows lines that start so.
void print_columns() { fmt::print("| {:<40}{:>6}{:>6}{:>7}{:>7}\n", "mutants of kernel", "sites", "tried", "caught", "proven"); }
void print_counts(std::string name, const Counts& counts) {
  if (name.ends_with("_kernel")) name.erase(name.size() - 7);
  fmt::print("| {:<40}{:>6}{:>6}{:>7}{:>7}\n", name, counts.sites, counts.tried, counts.caught, counts.equivalent);
}

/// Counts one result and prints it where it is wrong: a survivor that nobody listed, or one that is listed and caught.
void judge(const Mutant& mutant, const TrialResult& result, const std::vector<ObservedTest>& tests, bool is_tested, Counts& counts) {
  const bool survived = result.fate == Fate::survived;
  counts.caught += !survived;
  counts.crashed += result.fate == Fate::crashed;
  counts.late += result.fate == Fate::late;
  counts.equivalent += survived && mutant.entry;
  if (survived != (mutant.entry != nullptr)) ++counts.wrong;
  if (survived && !mutant.entry)
    fmt::print("SURVIVED{}\n{}", is_tested ? "" : ": no test launches this kernel", to_text(mutant));
  if (!survived && mutant.entry)
    fmt::print("{}:{} is no equivalent mutant, {} catches it:\n{}", mutant.entry->file, mutant.entry->line_number,
               tests[result.test].name, to_text(mutant));
}

Counts try_kernel(const std::string& kernel, const std::vector<Mutant>& mutants, const Options& options,
                  const std::vector<ObservedTest>& tests) {
  const std::vector<Mutant> chosen = options.sample ? draw_one(kernel, mutants, *options.sample) : mutants;
  std::vector<Trial> trials;
  for (const Mutant& mutant : chosen) trials.push_back(make_trial(mutant, tests));
  const auto passes = [&](uint32_t number, std::size_t test) {
    active_mutant = number;
    return run_test(tests[test].name);
  };
  Counts counts{.sites = static_cast<int>(mutants.size()), .tried = static_cast<int>(chosen.size())};
  run_trials(trials, options.children, passes, [&](std::size_t i, const TrialResult& result) {
    judge(chosen[i], result, tests, !trials[i].tests.empty(), counts);
  });
  if (options.sample)
    for (const Mutant& mutant : chosen)
      fmt::print("drawn: {} at {}:{}: {}\n", mutant.text.mutant, mutant.site->place->file, mutant.site->place->line,
                 mutant.site->place->instruction);
  return counts;
}

/// GoogleTest's lines, so that jobs/run_tests.py counts a kernel as a test.
class TestLines {
 public:
  void begin(const std::string& name) {
    fmt::print("[ RUN      ] Mutants.{}\n", name);
    start_ = std::time(nullptr);
  }
  void end(const std::string& name, bool is_right) {
    fmt::print("[{}] Mutants.{} ({} ms)\n", is_right ? "       OK " : "  FAILED  ", name, 1000 * (std::time(nullptr) - start_));
    std::fflush(stdout);
    ++tests_;
    failed_ += !is_right;
  }
  int finish() const {
    fmt::print("[==========] {} tests ran.\n", tests_);
    return failed_ > 0;
  }

 private:
  std::time_t start_ = 0;
  int tests_ = 0, failed_ = 0;
};

std::vector<EquivalentMutant> read_entries(const std::string& path) {
  std::ifstream file(path);
  if (path.empty() || !file) return {};  // an operation without equivalent mutants has no list
  std::ostringstream text;
  text << file.rdbuf();
  return parse_equivalent_mutants(text.str(), path);
}

int run(const Options& options) {
  REQUIRE(!mutation_sites().empty(), "no kernel of this program was translated with --mutants");
  for (const MutationSite& site : mutation_sites())
    REQUIRE(std::filesystem::exists(site.place->file), "the kernels were compiled from {}, which is not there: build them again", site.place->file);
  const auto entries = read_entries(options.equivalent);
  SourceTexts texts;
  if (!options.ptx.empty()) texts.add_ptx(options.ptx);
  const Kernels kernels = find_mutants(mutation_sites(), entries, options.kernel, texts);
  REQUIRE(!kernels.empty(), "there is no kernel {}", options.kernel);
  for (const auto& [name, mutants] : kernels)
    for (const Mutant& mutant : mutants)
      REQUIRE(options.is_list || options.sample || mutant.site->is_built, "{} can be changed in a few places only in this program: --sample draws from them", name);
  if (options.is_list) {
    for (const auto& [name, mutants] : kernels)
      for (const Mutant& mutant : mutants) fmt::print("{}{}", mutant.entry ? "equivalent\n" : "", to_text(mutant));
    return 0;
  }
  const auto tests = observe_all();
  TestLines lines;
  Counts all;
  if (options.kernel.empty()) {
    lines.begin("entries");
    const auto useless = entries_without_mutants(entries, kernels);
    for (const EquivalentMutant* entry : useless)
      fmt::print("{}:{} fits no mutant: {} in {}\n", entry->file, entry->line_number, entry->mutant, fmt::join(entry->kernels, " "));
    lines.end("entries", useless.empty());
  }
  print_columns();
  for (const auto& [name, mutants] : kernels) {
    lines.begin(name);
    const Counts counts = try_kernel(name, mutants, options, tests);
    print_counts(name, counts);
    lines.end(name, counts.wrong == 0);
    all.add(counts);
  }
  print_counts(fmt::format("all {}", kernels.size()), all);
  fmt::print("of those caught, {} crashed or were found by the machine and {} took far too long; {} are wrong\n", all.crashed, all.late, all.wrong);
  return lines.finish();
}

template <class Number>
Number number(const std::string& option, const std::string& text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  REQUIRE(error == std::errc{} && end == text.data() + text.size(), "{} {}: not a number", option, text);
  return value;
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--list") {
      options.is_list = true;
      continue;
    }
    REQUIRE(i + 1 < argc, "{} needs a value, or is no option", option);
    const std::string value = argv[++i];
    if (option == "--equivalent") options.equivalent = value;
    else if (option == "--ptx") options.ptx = value;
    else if (option == "--sample") options.sample = number<uint64_t>(option, value);
    else if (option == "--kernel") options.kernel = value;
    else if (option == "--children") options.children = std::max(1, number<int>(option, value));
    else fail("{} is no option", option);
  }
  return options;
}

}  // namespace
}  // namespace skewbench::cuda_on_cpu

int main(int argc, char** argv) {
  using namespace skewbench::cuda_on_cpu;
  try {
    prepare_tests(&argc, argv);
    return run(parse(argc, argv));
  } catch (const std::exception& error) {
    fmt::print(stderr, "mutants: {}\n", error.what());
    return 2;
  }
}
