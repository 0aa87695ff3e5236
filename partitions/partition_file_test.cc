#include "partitions/partition_file.h"

#include <gtest/gtest.h>
#include <hdf5.h>

#include <algorithm>

#include "partitions/temporary_folder.h"

namespace skewbench::partitions {
namespace {

PartitionFile make_file() {
  std::vector<int32_t> labels(101);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<int32_t>(i % 5);
  PartitionFile file{"synthetic:4x4x1,5,101,10", "dirichlet:0.1", 0xFEDCBA9876543210u, {}, {}};
  file.partition = make_partition(file.spec, labels, 5, 7, file.seed);
  file.histogram = class_histogram(file.partition, labels, 5);
  return file;
}

std::size_t files_in(const TemporaryFolder& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder.path()), {}));
}

std::string contents(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(PartitionFile, RoundTrip) {
  TemporaryFolder folder;
  const PartitionFile written = make_file();
  write_partition_file(folder.path("split.h5"), written);
  EXPECT_EQ(files_in(folder), 1u);  // the temporary name is gone
  const PartitionFile read = read_partition_file(folder.path("split.h5"));
  EXPECT_EQ(read.dataset, written.dataset);
  EXPECT_EQ(read.spec, written.spec);
  EXPECT_EQ(read.seed, written.seed);
  EXPECT_EQ(read.partition, written.partition);
  EXPECT_EQ(read.histogram, written.histogram);
}

TEST(PartitionFile, NeverOverwrites) {
  TemporaryFolder folder;
  const std::string path = folder.write("split.h5", "precious");
  EXPECT_EQ(error_of([&] { write_partition_file(path, make_file()); }),
            path + " exists already and is not overwritten");
  EXPECT_EQ(contents(path), "precious");
  EXPECT_EQ(files_in(folder), 1u);
  EXPECT_NE(
      error_of([&] { write_partition_file(folder.path("nowhere/split.h5"), make_file()); }).find("there is no folder"),
      std::string::npos);
}

TEST(PartitionFile, RefusesForeignAndDamagedFiles) {
  TemporaryFolder folder;
  EXPECT_NE(error_of([&] { read_partition_file(folder.path("none.h5")); }).find("is missing"), std::string::npos);
  EXPECT_NE(
      error_of([&] { read_partition_file(folder.write("text.h5", "not HDF5")); }).find("not a readable HDF5 file"),
      std::string::npos);

  const hid_t foreign = H5Fcreate(folder.path("foreign.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  ASSERT_GE(H5Fclose(foreign), 0);
  EXPECT_NE(
      error_of([&] { read_partition_file(folder.path("foreign.h5")); }).find("is not a partition file: its 'schema'"),
      std::string::npos);

  write_partition_file(folder.path("good.h5"), make_file());
  const std::string good = contents(folder.path("good.h5"));
  for (const std::size_t length : {good.size() - 1, good.size() / 2, std::size_t{100}}) {
    EXPECT_NE(error_of([&] { read_partition_file(folder.write("cut.h5", good.substr(0, length))); }), "") << length;
  }
}

// Overwrites one stored number: dataset, position, value.
void damage(const std::string& path, const char* name, hsize_t position, int64_t value) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), set = H5Dopen2(file, name, H5P_DEFAULT),
              space = H5Dget_space(set);
  const hsize_t coordinates[2] = {position, 0};
  ASSERT_GE(H5Sselect_elements(space, H5S_SELECT_SET, 1, coordinates), 0);
  const hid_t one = H5Screate(H5S_SCALAR);
  ASSERT_GE(H5Dwrite(set, H5T_NATIVE_INT64, one, space, H5P_DEFAULT, &value), 0);
  H5Sclose(one), H5Sclose(space), H5Dclose(set);
  ASSERT_GE(H5Fclose(file), 0);
}

TEST(PartitionFile, RefusesContentsThatDoNotFit) {
  const PartitionFile good = make_file();
  struct Damage {
    const char* name;
    hsize_t position;
    int64_t value;
  };
  for (const Damage& change : std::vector<Damage>{{"indices", 0, good.partition[0][1]},  // one sample twice
                                                  {"indices", 5, 101},
                                                  {"indices", 5, -1},
                                                  {"offsets", 0, 1},
                                                  {"offsets", 3, 1 << 20},
                                                  {"offsets", 3, -7},
                                                  {"offsets", 7, 100},
                                                  {"histogram", 2, 1000}}) {
    TemporaryFolder folder;
    const std::string path = folder.path("split.h5");
    write_partition_file(path, good);
    damage(path, change.name, change.position, change.value);
    const std::string message = error_of([&] { read_partition_file(path); });
    EXPECT_NE(message.find(fmt::format("is not a partition file: its '{}'", change.name)), std::string::npos)
        << change.name << "[" << change.position << "] = " << change.value << ": " << message;
  }
}

TEST(PartitionFile, RefusesAnotherVersion) {
  TemporaryFolder folder;
  const std::string path = folder.path("split.h5");
  write_partition_file(path, make_file());
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT),
              attribute = H5Aopen(file, "schema_version", H5P_DEFAULT);
  const int64_t version = 2;
  ASSERT_GE(H5Awrite(attribute, H5T_NATIVE_INT64, &version), 0);
  H5Aclose(attribute);
  ASSERT_GE(H5Fclose(file), 0);
  EXPECT_EQ(error_of([&] { read_partition_file(path); }), path + " has schema version 2, expected 1");
}

}  // namespace
}  // namespace skewbench::partitions
