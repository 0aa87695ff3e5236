#include "partitions/partition_file.h"

#include <fcntl.h>
#include <hdf5.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <utility>

#include "kernels/base/error.h"

namespace skewbench::partitions {
namespace {

constexpr const char* kSchema = "skewbench-partition";
constexpr int64_t kSchemaVersion = 1;

// HDF5 prints its error stack by itself; a user gets one sentence instead.
class QuietHdf5 {
 public:
  QuietHdf5() {
    H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  ~QuietHdf5() { H5Eset_auto2(H5E_DEFAULT, function_, data_); }
  QuietHdf5(const QuietHdf5&) = delete;
  QuietHdf5& operator=(const QuietHdf5&) = delete;

 private:
  H5E_auto2_t function_ = nullptr;
  void* data_ = nullptr;
};

// An HDF5 identifier with the function that closes it. Negative = the call that made it failed.
class Handle {
 public:
  Handle(hid_t id, herr_t (*closer)(hid_t)) : id_(id), close_(closer) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&&) = delete;
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  bool close() { return close_(std::exchange(id_, -1)) >= 0; }
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

class Writer {
 public:
  explicit Writer(const std::string& path)
      : path_(path), file_(H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT), H5Fclose) {
    check(file_ >= 0);
  }

  void dataset(const char* name, const std::vector<hsize_t>& dims, const std::vector<int64_t>& values) {
    Handle space(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr), H5Sclose);
    Handle set(H5Dcreate2(file_, name, H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Dclose);
    check(space >= 0 && set >= 0 && H5Dwrite(set, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0);
  }

  void attribute(const char* name, hid_t stored, hid_t memory, const void* value) {
    Handle space(H5Screate(H5S_SCALAR), H5Sclose);
    Handle attribute(H5Acreate2(file_, name, stored, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    check(space >= 0 && attribute >= 0 && H5Awrite(attribute, memory, value) >= 0);
  }

  void attribute(const char* name, const std::string& text) {
    Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
    check(type >= 0 && H5Tset_size(type, text.size() + 1) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0);
    attribute(name, type, type, text.c_str());
  }

  void close() { check(H5Fflush(file_, H5F_SCOPE_GLOBAL) >= 0 && file_.close()); }

 private:
  void check(bool is_good) { REQUIRE(is_good, "{} cannot be written", path_); }

  std::string path_;
  Handle file_;
};

class Reader {
 public:
  explicit Reader(const std::string& path)
      : path_(path), file_(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose) {
    REQUIRE(file_ >= 0, "{} is not a readable HDF5 file", path_);
  }

  std::vector<int64_t> dataset(const char* name, std::vector<hsize_t>& dims) {
    Handle set(H5Dopen2(file_, name, H5P_DEFAULT), H5Dclose);
    check(set >= 0, name);
    Handle space(H5Dget_space(set), H5Sclose), type(H5Dget_type(set), H5Tclose);
    check(space >= 0 && type >= 0 && H5Tget_class(type) == H5T_INTEGER &&
              H5Sget_simple_extent_ndims(space) == static_cast<int>(dims.size()) &&
              H5Sget_simple_extent_dims(space, dims.data(), nullptr) >= 0,
          name);
    // A header that lies about the extent has no storage behind it.
    check(H5Dget_storage_size(set) == static_cast<hsize_t>(H5Sget_simple_extent_npoints(space)) * H5Tget_size(type),
          name);
    std::vector<int64_t> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)));
    check(H5Dread(set, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0, name);
    return values;
  }

  template <class T>
  T number(const char* name, hid_t memory) {
    Handle attribute = open_scalar(name, H5T_INTEGER);
    T value{};
    check(H5Aread(attribute, memory, &value) >= 0, name);
    return value;
  }

  std::string text(const char* name) {
    Handle attribute = open_scalar(name, H5T_STRING);
    Handle type(H5Aget_type(attribute), H5Tclose);
    check(type >= 0 && H5Tis_variable_str(type) == 0, name);
    std::string value(H5Tget_size(type), '\0');
    check(H5Aread(attribute, type, value.data()) >= 0, name);
    return value.c_str();  // up to the terminating zero
  }

  void check(bool is_good, const char* name) {
    REQUIRE(is_good, "{} is not a partition file: its '{}' is missing or of another form", path_, name);
  }

 private:
  Handle open_scalar(const char* name, H5T_class_t expected) {
    Handle attribute(H5Aopen(file_, name, H5P_DEFAULT), H5Aclose);
    check(attribute >= 0, name);
    Handle space(H5Aget_space(attribute), H5Sclose), type(H5Aget_type(attribute), H5Tclose);
    check(space >= 0 && type >= 0 && H5Sget_simple_extent_npoints(space) == 1 && H5Tget_class(type) == expected, name);
    return attribute;
  }

  std::string path_;
  Handle file_;
};

void sync_to_disk(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY);
  const bool is_synced = descriptor >= 0 && fsync(descriptor) == 0;
  if (descriptor >= 0) close(descriptor);
  REQUIRE(is_synced, "{} cannot be flushed to disk: {}", path, std::strerror(errno));
}

// Renames unless `to` exists, in one step where the file system can (some network file systems cannot).
bool rename_without_overwriting(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS) return false;
  return !std::filesystem::exists(to) && std::rename(from.c_str(), to.c_str()) == 0;
}

void write_contents(const std::string& path, const PartitionFile& file) {
  std::vector<int64_t> indices, offsets = {0}, histogram;
  for (const auto& share : file.partition) {
    indices.insert(indices.end(), share.begin(), share.end());
    offsets.push_back(std::ssize(indices));
  }
  for (const auto& row : file.histogram) histogram.insert(histogram.end(), row.begin(), row.end());
  Writer writer(path);
  writer.dataset("indices", {indices.size()}, indices);
  writer.dataset("offsets", {offsets.size()}, offsets);
  writer.dataset("histogram", {file.histogram.size(), file.histogram.front().size()}, histogram);
  const int64_t workers = std::ssize(file.partition);
  writer.attribute("schema", kSchema);
  writer.attribute("schema_version", H5T_STD_I64LE, H5T_NATIVE_INT64, &kSchemaVersion);
  writer.attribute("dataset", file.dataset);
  writer.attribute("spec", file.spec);
  writer.attribute("seed", H5T_STD_U64LE, H5T_NATIVE_UINT64, &file.seed);
  writer.attribute("workers", H5T_STD_I64LE, H5T_NATIVE_INT64, &workers);
  writer.close();
}

}  // namespace

void write_partition_file(const std::string& path, const PartitionFile& file) {
  REQUIRE(!file.partition.empty() && file.histogram.size() == file.partition.size(),
          "a partition of {} workers with a histogram of {} cannot be written", file.partition.size(),
          file.histogram.size());
  REQUIRE(!std::filesystem::exists(path), "{} exists already and is not overwritten", path);
  const auto folder = std::filesystem::absolute(path).parent_path();
  REQUIRE(std::filesystem::is_directory(folder), "{} cannot be written: there is no folder {}", path, folder.string());
  const QuietHdf5 quiet;
  const std::string temporary = fmt::format("{}.{}.partial", path, getpid());
  try {
    write_contents(temporary, file);
    sync_to_disk(temporary);
    REQUIRE(rename_without_overwriting(temporary, path), "{} cannot be named so: {}", path, std::strerror(errno));
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw;
  }
}

PartitionFile read_partition_file(const std::string& path) {
  REQUIRE(std::filesystem::exists(path), "{} is missing", path);
  const QuietHdf5 quiet;
  Reader reader(path);
  reader.check(reader.text("schema") == kSchema, "schema");
  const auto version = reader.number<int64_t>("schema_version", H5T_NATIVE_INT64);
  REQUIRE(version == kSchemaVersion, "{} has schema version {}, expected {}", path, version, kSchemaVersion);

  PartitionFile file;
  file.dataset = reader.text("dataset");
  file.spec = reader.text("spec");
  file.seed = reader.number<uint64_t>("seed", H5T_NATIVE_UINT64);
  const auto workers = reader.number<int64_t>("workers", H5T_NATIVE_INT64);
  std::vector<hsize_t> count(1), ends(1), table(2);
  const auto indices = reader.dataset("indices", count);
  const auto offsets = reader.dataset("offsets", ends);
  const auto histogram = reader.dataset("histogram", table);
  reader.check(workers >= 1 && std::ssize(offsets) == workers + 1, "offsets");
  reader.check(offsets.front() == 0 && offsets.back() == std::ssize(indices), "offsets");
  reader.check(static_cast<int64_t>(table[0]) == workers && table[1] >= 1, "histogram");

  std::vector<bool> is_used(indices.size());
  for (const int64_t i : indices) {
    reader.check(i >= 0 && i < std::ssize(indices) && !is_used[static_cast<std::size_t>(i)], "indices");
    is_used[static_cast<std::size_t>(i)] = true;
  }
  for (int64_t w = 0; w < workers; ++w) {
    const int64_t begin = offsets[static_cast<std::size_t>(w)], end = offsets[static_cast<std::size_t>(w) + 1];
    reader.check(begin < end && end <= std::ssize(indices), "offsets");
    file.partition.emplace_back(indices.begin() + begin, indices.begin() + end);
    const auto row = histogram.begin() + w * static_cast<int64_t>(table[1]);
    file.histogram.emplace_back(row, row + static_cast<int64_t>(table[1]));
    const auto& counts = file.histogram.back();
    reader.check(std::accumulate(counts.begin(), counts.end(), int64_t{0}) == end - begin, "histogram");
  }
  return file;
}

}  // namespace skewbench::partitions
