#include "bench/kernels/results.h"

#include <fmt/format.h>

#include <cerrno>
#include <cmath>
#include <cstring>

#include "kernels/base/error.h"

namespace skewbench::bench_kernels {
namespace {

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (static_cast<unsigned char>(c) < 0x20) result += fmt::format("\\u{:04x}", static_cast<int>(c));
    else result += c;
  }
  return result + "\"";
}

/// An object under construction.
class Object {
 public:
  Object& text(const char* key, const std::string& value) { return raw(key, quoted(value)); }
  Object& integer(const char* key, int64_t value) { return raw(key, std::to_string(value)); }
  Object& real(const char* key, double value) { return raw(key, std::isfinite(value) ? fmt::format("{:.17g}", value) : "null"); }
  Object& raw(const char* key, const std::string& value) {
    body_ += fmt::format("{}\"{}\": {}", body_.empty() ? "" : ", ", key, value);
    return *this;
  }
  std::string str() const { return fmt::format("{{{}}}", body_); }

 private:
  std::string body_;
};

std::string launches_of(const Row& row) {
  std::string list;
  for (const LaunchCount& l : row.launches) {
    Object object;
    object.text("kernel", l.kernel).integer("blocks", l.blocks).integer("threads", l.threads).integer("dynamic_shared", l.dynamic_shared);
    object.integer("instructions", l.instructions).integer("bytes_read", l.bytes_read).integer("bytes_written", l.bytes_written);
    list += (list.empty() ? "" : ", ") + object.str();
  }
  return fmt::format("[{}]", list);
}

void write_file(const std::string& path, const std::string& text) {
  std::FILE* const file = std::fopen(path.c_str(), "w");
  REQUIRE(file, "{} cannot be written: {}", path, std::strerror(errno));
  const bool is_whole = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  REQUIRE(std::fclose(file) == 0 && is_whole, "{} cannot be written: {}", path, std::strerror(errno));
}

}  // namespace

std::string to_json(const Facts& facts) {
  Object object;
  object.integer("schema", 1);
  for (const auto& [name, text] : facts) object.text(name.c_str(), text);
  return object.str();
}

std::string to_json(const Row& row) {
  Object object;
  object.text("case", row.name).text("verdict", row.verdict).text("reason", row.reason);
  object.text("operation", row.operation).text("shape", row.shape).text("dimensions", row.dimensions).integer("n", row.n);
  object.text("place", row.place).text("back_end", row.back_end).text("version", row.version).text("idea", row.idea);
  object.text("cache", row.is_cold ? "cold" : "hot").real("flops", row.flops);
  object.integer("least_bytes_read", row.least_bytes_read).integer("least_bytes_written", row.least_bytes_written);
  if (row.is_timed) {
    const Spread& t = row.seconds;
    object.integer("samples", t.samples).real("t_min_s", t.minimum).real("t_p50_s", t.p50).real("t_p95_s", t.p95).real("t_mean_s", t.mean).real("cv", t.cv);
    object.real("gflops", row.gflops).real("gbps", row.gbps).real("roofline", row.roofline).text("bound", row.bound);
    object.real("ratio", row.ratio).text("ratio_to", row.ratio_to);
  }
  if (!row.launches.empty()) object.text("note", "not a GPU timing").raw("launches", launches_of(row));
  return object.str();
}

Results::Results(std::string name, Facts facts) : name_(std::move(name)), facts_(std::move(facts)), lines_(std::fopen((name_ + ".jsonl").c_str(), "w")) {
  REQUIRE(lines_, "{}.jsonl cannot be written: {}", name_, std::strerror(errno));
  fmt::print(lines_, "{}\n", to_json(facts_));
}

Results::~Results() { std::fclose(lines_); }

void Results::add(const Row& row) {
  rows_.push_back(row);
  fmt::print(lines_, "{}\n", to_json(row));
  std::fflush(lines_);
}

void Results::finish() const { write_hdf5(name_ + ".h5", facts_, rows_); }

void write_counts(const std::string& path, const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows)
    if (!row.launches.empty() && row.verdict == "PASSED") text += (text.empty() ? "" : ",\n ") + to_json(row);
  write_file(path, fmt::format("[{}]\n", text));
}

}  // namespace skewbench::bench_kernels
