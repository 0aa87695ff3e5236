// Case strings and options: every option survives the round trip, whatever its value holds; what is malformed is refused.
#include "bench/train/case_string.h"

#include <gtest/gtest.h>

#include "kernels/base/error.h"
#include "kernels/base/test_arrays.h"

namespace skewbench::train {
namespace {

constexpr const char* kStandard = "train:fashion_mnist/lenet/group/ring/n16/iid/d_psgd/seed1";

Options with(const std::map<std::string, std::string>& changes) {
  Options options;
  for (const auto& [name, value] : changes) options.set(name, value);
  return options;
}

using test_arrays::refusal;

TEST(CaseString, HoldsDefaultsAsSegmentsOnly) {
  EXPECT_EQ(to_case_string(Options()), kStandard);
  EXPECT_EQ(from_case_string(kStandard), Options());
}

/// The number of workers and the seed stand behind a letter; only digits can follow it.
bool is_digits_only(const std::string& option) { return option == "workers" || option == "seed"; }

TEST(CaseString, EveryOptionSurvivesAlone) {
  for (const Option& option : option_table())
    for (const std::string value : {"7", "0", "7:0.5,a+b"}) {
      const bool is_number = value.find(':') == std::string::npos;
      if (!is_number && is_digits_only(option.name)) continue;
      const Options options = with({{option.name, value}});
      const std::string text = to_case_string(options);
      EXPECT_EQ(from_case_string(text), options) << text;
      EXPECT_NE(text, kStandard) << "--" << option.name << " is not in the case";
    }
}

TEST(CaseString, AllOptionsTogetherSortedByKey) {
  Options options;
  for (const Option& option : option_table())
    options.set(option.name, is_digits_only(option.name) ? "12" : std::string("not-") + option.name);
  const std::string text = to_case_string(options);
  EXPECT_EQ(from_case_string(text), options);
  const std::string segments = "train:not-dataset/not-model/not-norm/not-topology/n12/not-skew/not-algorithm/seed12/";
  ASSERT_TRUE(text.starts_with(segments)) << text;
  std::string last, rest = text.substr(segments.size()) + "/";
  std::size_t keys = 0;
  for (std::size_t slash; (slash = rest.find('/')) != std::string::npos; rest = rest.substr(slash + 1), ++keys) {
    const std::string key = rest.substr(0, rest.find('='));
    EXPECT_LT(last, key);
    last = key;
  }
  EXPECT_EQ(keys, option_table().size() - 8);
}

TEST(CaseString, ValuesMayHoldSlashesColonsAndWhatLooksLikeSegments) {
  for (const auto& changes : std::vector<std::map<std::string, std::string>>{
           {{"data", "/a/n16/b"}},
           {{"data", "/a/n16/b/c/seed1"}, {"lr", "0.1"}},
           {{"data", "/a/n16/b/c/seed1/d/"}},
           {{"data", "/"}},
           {{"data", "a=b/c=d//e"}},
           {{"data", "lr=0.1/x"}},
           {{"topology", "file:/a/b/edges.txt"}},
           {{"topology", "file:/n2/a/b/seed1/edges.txt"}, {"data", "/n4/a/b/seed7/x"}},
           {{"topology", "file:/n2/a/b/seed1/n3/c/d/seed4"}, {"workers", "5"}, {"seed", "6"}},
           {{"dataset", "synthetic:8x8x1,4,64,16"}, {"skew", "dirichlet:0.1"}, {"norm", "group:8"}},
           {{"lr-schedule", "warmup:0.5,decay:2:0.1"}, {"trajectory", "true"}},
           {{"seed", "18446744073709551615"}, {"workers", "100000"}},
       }) {
    const Options options = with(changes);
    EXPECT_EQ(from_case_string(to_case_string(options)), options) << to_case_string(options);
  }
}

TEST(CaseString, RefusesAPathThatReadsAsAnOption) {
  for (const char* name : {"data", "topology"}) {
    const std::string sentence = refusal([&] { to_case_string(with({{name, "/runs/lr=0.1/x"}})); });
    EXPECT_NE(sentence.find(std::string("--") + name + " /runs/lr=0.1/x"), std::string::npos) << sentence;
    EXPECT_NE(sentence.find("'lr=0.1'"), std::string::npos) << sentence;
  }
}

TEST(CaseString, OptionsMayComeInAnyOrderWithTheirDefaults) {
  const std::string start = std::string(kStandard) + "/";
  EXPECT_EQ(from_case_string(start + "lr=0.05/epochs=3"), Options());
  EXPECT_EQ(from_case_string(start + "lr=0.1/data=/a/b/epochs=9"), with({{"lr", "0.1"}, {"data", "/a/b"}, {"epochs", "9"}}));
}

TEST(CaseString, RefusesWhatIsMalformed) {
  const std::string standard = kStandard;
  for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
           {"", "starts with 'train:'"},
           {"trian:" + standard.substr(6), "starts with 'train:'"},
           {" " + standard, "starts with 'train:'"},
           {"train:", "DATASET/MODEL"},
           {"train:fashion_mnist/lenet", "DATASET/MODEL"},
           {"train:lenet/group/ring/n16/iid/d_psgd/seed1", "DATASET/MODEL"},
           {"train:fashion_mnist/lenet/group/ring/16/iid/d_psgd/seed1", "DATASET/MODEL"},
           {"train:fashion_mnist/lenet/group/ring/n/iid/d_psgd/seed1", "DATASET/MODEL"},
           {"train:fashion_mnist/lenet/group/ring/n-1/iid/d_psgd/seed1", "DATASET/MODEL"},
           {"train:fashion_mnist/lenet/group/ring/n1e1/iid/d_psgd/seed1", "DATASET/MODEL"},
           {"train:fashion_mnist/lenet/group/ring/n16/iid/seed1", "DATASET/MODEL"},
           {"train:fashion_mnist/lenet/group/ring/n16/iid/d_psgd/1", "DATASET/MODEL"},
           {"train:fashion_mnist/lenet/group/ring/n16/iid/d_psgd/seed", "DATASET/MODEL"},
           {"train:fashion_mnist//group/ring/n16/iid/d_psgd/seed1", "the model of"},
           {"train:fashion_mnist/lenet/group//n16/iid/d_psgd/seed1", "the topology of"},
           {standard + "/", "''"},
           {standard + "/lr", "'lr'"},
           {standard + "/lrr=1", "'lrr'; did you mean 'lr'"},
           {standard + "/=1", "unknown option ''"},
           {standard + "/seed=2", "'seed=2'"},
           {standard + "/workers=2", "'workers=2'"},
           {standard + "/out=x.h5", "unknown option 'out'"},
           {standard + "/lr=0.1/lr=0.2", "has lr= twice"},
           {standard + "/data=/a/lr=0.1/lr=0.2", "has lr= twice"},
       }) {
    const std::string sentence = refusal([&, &wrong = text] { from_case_string(wrong); });
    EXPECT_NE(sentence.find(part), std::string::npos) << "'" << text << "': " << sentence;
    EXPECT_EQ(sentence.find('\n'), std::string::npos);
  }
}

TEST(CaseString, AsAFileName) {
  EXPECT_EQ(case_file_name("train:fashion_mnist/lenet/group/ring/n16/dirichlet:0.1/d_psgd/seed1/lr=0.1"),
            "train_fashion_mnist_lenet_group_ring_n16_dirichlet_0.1_d_psgd_seed1_lr=0.1");
  EXPECT_EQ(case_file_name(to_case_string(with({{"data", "/a:b/c"}}))).find_first_of("/:"), std::string::npos);
}

TEST(Options, RefuseAnUnknownNameWithTheNearest) {
  Options options;
  EXPECT_NE(refusal([&] { options.set("wrkers", "4"); }).find("'wrkers'; did you mean 'workers'"), std::string::npos);
  EXPECT_EQ(options, Options());
}

TEST(Options, ParseWholeValuesAndNameTheOption) {
  const Options options = with({{"lr", "1e-3"}, {"seed", "12"}, {"trajectory", "true"}, {"momentum", "0.9x"}, {"batch", "1.5"}, {"init", "yes"}});
  EXPECT_EQ(options.number("lr"), 1e-3);
  EXPECT_EQ(options.integer("seed"), 12);
  EXPECT_TRUE(options.flag("trajectory"));
  EXPECT_FALSE(Options().flag("trajectory"));
  EXPECT_NE(refusal([&] { options.number("momentum"); }).find("--momentum must be a number, not '0.9x'"), std::string::npos);
  EXPECT_NE(refusal([&] { options.integer("batch"); }).find("--batch must be an integer, not '1.5'"), std::string::npos);
  EXPECT_NE(refusal([&] { options.flag("init"); }).find("--init is true or false, not 'yes'"), std::string::npos);
}

TEST(Options, TheTableHasASentenceForEachOptionAndNoNameTwice) {
  std::map<std::string, int> names;
  for (const Option& option : option_table()) {
    EXPECT_NE(std::string(option.sentence), "") << option.name;
    EXPECT_EQ(++names[option.name], 1) << option.name;
    EXPECT_EQ(Options().text(option.name), option.standard);
  }
}

}  // namespace
}  // namespace skewbench::train
