#include <numeric>

#include "bench/kernels/results.h"
#include "bench/train/hdf5_handles.h"

namespace skewbench::bench_kernels {
namespace {

using train::hdf5::check;
using train::hdf5::Handle;
using train::hdf5::take;

Handle text_type() {
  Handle type = take(H5Tcopy(H5T_C_S1), H5Tclose, "a text type");
  check(H5Tset_size(type, H5T_VARIABLE), "the length of a text");
  check(H5Tset_cset(type, H5T_CSET_UTF8), "the encoding of a text");
  return type;
}

void write_column(hid_t group, const char* name, hid_t type, std::size_t count, const void* data) {
  const hsize_t extent = count;
  const Handle space = take(H5Screate_simple(1, &extent, nullptr), H5Sclose, "the extent of {}", name);
  const Handle column = take(H5Dcreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Dclose, "the column {}", name);
  if (count > 0) check(H5Dwrite(column, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), "writing {}", name);
}

/// A column of what get(row) gives: text, int64_t or double.
template <class Get>
void column(hid_t group, const char* name, const std::vector<Row>& rows, Get get) {
  using Value = std::decay_t<decltype(get(rows.front()))>;
  if constexpr (std::is_same_v<Value, std::string>) {
    std::vector<std::string> texts;
    std::vector<const char*> pointers;
    for (const Row& row : rows) texts.push_back(get(row));
    for (const std::string& text : texts) pointers.push_back(text.c_str());
    write_column(group, name, text_type(), rows.size(), pointers.data());
  } else {
    std::vector<Value> values;
    for (const Row& row : rows) values.push_back(get(row));
    write_column(group, name, std::is_same_v<Value, double> ? H5T_NATIVE_DOUBLE : H5T_NATIVE_INT64, rows.size(), values.data());
  }
}

template <class Part>
int64_t sum(const Row& row, Part part) {
  return std::accumulate(row.launches.begin(), row.launches.end(), int64_t{0}, [&](int64_t so_far, const LaunchCount& l) { return so_far + l.*part; });
}

void write_attribute(hid_t file, const std::string& name, const std::string& value) {
  const Handle space = take(H5Screate(H5S_SCALAR), H5Sclose, "the extent of {}", name), type = text_type();
  const Handle attribute = take(H5Acreate2(file, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose, "the attribute {}", name);
  const char* const text = value.c_str();
  check(H5Awrite(attribute, type, &text), "writing {}", name);
}

}  // namespace

void write_hdf5(const std::string& path, const Facts& facts, const std::vector<Row>& rows) {
  train::hdf5::silence();
  const Handle file = take(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose, "{} cannot be written", path);
  for (const auto& [name, text] : facts) write_attribute(file, name, text);
  const Handle group = take(H5Gcreate2(file, "rows", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose, "the group rows");
  column(group, "case", rows, [](const Row& r) { return r.name; });
  column(group, "verdict", rows, [](const Row& r) { return r.verdict; });
  column(group, "reason", rows, [](const Row& r) { return r.reason; });
  column(group, "operation", rows, [](const Row& r) { return r.operation; });
  column(group, "shape", rows, [](const Row& r) { return r.shape; });
  column(group, "dimensions", rows, [](const Row& r) { return r.dimensions; });
  column(group, "n", rows, [](const Row& r) { return r.n; });
  column(group, "place", rows, [](const Row& r) { return r.place; });
  column(group, "back_end", rows, [](const Row& r) { return r.back_end; });
  column(group, "version", rows, [](const Row& r) { return r.version; });
  column(group, "idea", rows, [](const Row& r) { return r.idea; });
  column(group, "cache", rows, [](const Row& r) { return std::string(r.is_cold ? "cold" : "hot"); });
  column(group, "flops", rows, [](const Row& r) { return r.flops; });
  column(group, "least_bytes_read", rows, [](const Row& r) { return r.least_bytes_read; });
  column(group, "least_bytes_written", rows, [](const Row& r) { return r.least_bytes_written; });
  column(group, "samples", rows, [](const Row& r) { return r.seconds.samples; });
  column(group, "t_min_s", rows, [](const Row& r) { return r.seconds.minimum; });
  column(group, "t_p50_s", rows, [](const Row& r) { return r.seconds.p50; });
  column(group, "t_p95_s", rows, [](const Row& r) { return r.seconds.p95; });
  column(group, "cv", rows, [](const Row& r) { return r.seconds.cv; });
  column(group, "gflops", rows, [](const Row& r) { return r.gflops; });
  column(group, "gbps", rows, [](const Row& r) { return r.gbps; });
  column(group, "roofline", rows, [](const Row& r) { return r.roofline; });
  column(group, "ratio", rows, [](const Row& r) { return r.ratio; });
  column(group, "ratio_to", rows, [](const Row& r) { return r.ratio_to; });
  column(group, "launches", rows, [](const Row& r) { return static_cast<int64_t>(r.launches.size()); });
  column(group, "instructions", rows, [](const Row& r) { return sum(r, &LaunchCount::instructions); });
  column(group, "bytes_read", rows, [](const Row& r) { return sum(r, &LaunchCount::bytes_read); });
  column(group, "bytes_written", rows, [](const Row& r) { return sum(r, &LaunchCount::bytes_written); });
}

}  // namespace skewbench::bench_kernels
