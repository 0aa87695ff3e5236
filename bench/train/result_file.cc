#include "bench/train/result_file.h"

#include <unistd.h>

#include <filesystem>

#include "bench/train/hdf5_handles.h"
#include "bench/train/result_contents.h"
#include "bench/train/result_lock.h"
#include "kernels/base/error.h"

namespace skewbench::train {
namespace {

using namespace result_contents;
using hdf5::Handle;
using Dims = std::vector<hsize_t>;

// A dataset of the open file that gains rows.
class GrowingSet {
 public:
  GrowingSet(hid_t file, const char* name) : name_(name) {
    set_ = hdf5::take(H5Dopen2(file, name, H5P_DEFAULT), H5Dclose, "dataset '{}' cannot be opened", name);
    const Handle space = hdf5::take(H5Dget_space(set_), H5Sclose, "dataset '{}' cannot be read", name);
    extent_.resize(static_cast<std::size_t>(H5Sget_simple_extent_ndims(space)));
    hdf5::check(H5Sget_simple_extent_dims(space, extent_.data(), nullptr), "dataset '{}' cannot be read", name);
  }

  void append(hsize_t rows, hid_t type, const void* values) {
    Dims start(extent_.size()), count = extent_;
    start[0] = extent_[0];
    count[0] = rows;
    extent_[0] += rows;
    hdf5::check(H5Dset_extent(set_, extent_.data()), "dataset '{}' cannot grow", name_);
    const Handle space = hdf5::take(H5Dget_space(set_), H5Sclose, "dataset '{}' cannot be read", name_);
    hdf5::check(H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr),
                "the new rows of '{}' cannot be selected", name_);
    const Handle memory = hdf5::take(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), H5Sclose,
                                     "the new rows of '{}' cannot be described", name_);
    hdf5::check(H5Dwrite(set_, type, memory, space, H5P_DEFAULT, values), "dataset '{}' cannot be written", name_);
  }

  void flush() { hdf5::check(H5Dflush(set_), "dataset '{}' cannot be flushed", name_); }
  void close() { hdf5::check(set_.close(), "dataset '{}' cannot be closed", name_); }

 private:
  std::string name_;
  Handle set_;
  Dims extent_;
};

// Puts the file before a sentence about one of its parts.
template <class Action>
void with_file_named(const std::string& path, Action action) {
  try {
    action();
  } catch (const Error& error) {
    fail("{}: {}", path, error.what());
  }
}

}  // namespace

class ResultFile::Writer {
 public:
  Writer(const std::string& path, const RunDescription& run) : paths_(path), run_(run) {
    hdf5::silence();
    require_startable(paths_);
    // The name that says "locked by me" appears only with everything in place. Hidden, and short whatever NAME is.
    const auto partial = paths_.folder / fmt::format(".train-{}-{}.partial", host_name(), getpid());
    try {
      with_file_named(paths_.running, [&] { create_contents(partial.string(), run); });
      file_ = hdf5::take(H5Fopen(partial.c_str(), H5F_ACC_RDWR | H5F_ACC_SWMR_WRITE, latest_format()), H5Fclose,
                         "{} cannot be written row by row", paths_.running);
      move_interrupted_aside(paths_);
      rename_without_overwriting(partial.string(), paths_.running);
    } catch (...) {
      static_cast<void>(file_.close());
      std::error_code ignored;
      std::filesystem::remove(partial, ignored);
      throw;
    }
    with_file_named(paths_.running, [&] {
      for (const Column& column : kColumns) columns_.emplace_back(file_, column.name);
      if (run.trajectory) trajectory_.emplace_back(file_, "trajectory");
    });
  }

  void append(const EvaluationRow& row) {
    with_file_named(paths_.running, [&] {
      for (const Column& column : kColumns) {
        const std::size_t count = cells_of(column, row).count, expected = width_of(column.width, run_);
        REQUIRE(count == expected, "a row has {} values of '{}' instead of {}", count, column.name, expected);
      }
      for (GrowingSet& set : trajectory_) set.flush();
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        const Cells values = cells_of(kColumns[i], row);
        columns_[i].append(1, values.type, values.data);
        columns_[i].flush();
      }
    });
  }

  void append_trajectory(std::span<const double> vectors) {
    with_file_named(paths_.running, [&] {
      REQUIRE(run_.trajectory, "no trajectory was declared");
      REQUIRE(std::ssize(vectors) == run_.workers * run_.vector_length, "a trajectory row has {} values instead of {} x {}",
              vectors.size(), run_.workers, run_.vector_length);
      trajectory_.front().append(1, H5T_NATIVE_DOUBLE, vectors.data());
    });
  }

  // All of it in SWMR mode, so that a kill in between leaves a readable file too; closing takes the mark off.
  void finish(const std::string& verdict, const std::string& reason, const std::vector<EdgeRow>& edges) {
    static_assert(sizeof(EdgeRow) == 4 * sizeof(int64_t));  // a row of the dataset
    with_file_named(paths_.running, [&] {
      GrowingSet edge_bytes(file_, "edge_bytes");
      if (!edges.empty()) edge_bytes.append(edges.size(), H5T_NATIVE_INT64, edges.data());
      edge_bytes.close();
      for (auto* sets : {&trajectory_, &columns_})
        for (GrowingSet& set : *sets) set.close();
      change_text(file_, "verdict", verdict);
      change_text(file_, "reason", reason);
      change_text(file_, "ended_utc", utc_now());
      change_text(file_, "status", "complete");
      hdf5::check(file_.close(), "it cannot be closed");
    });
    sync_to_disk(paths_.running);
    rename_without_overwriting(paths_.running, paths_.complete);
    sync_to_disk(paths_.folder.string());
  }

 private:
  ResultPaths paths_;
  RunDescription run_;
  Handle file_;
  std::vector<GrowingSet> columns_, trajectory_;  // the second empty or one; both closed before the file
};

ResultFile::ResultFile(const std::string& path, const RunDescription& description)
    : writer_(std::make_unique<Writer>(path, description)) {}
ResultFile::~ResultFile() = default;

void ResultFile::append(const EvaluationRow& row) {
  REQUIRE(writer_, "a finished result file takes no more rows");
  writer_->append(row);
}

void ResultFile::append_trajectory(std::span<const double> vectors) {
  REQUIRE(writer_, "a finished result file takes no more rows");
  writer_->append_trajectory(vectors);
}

void ResultFile::finish(const std::string& verdict, const std::string& reason, const std::vector<EdgeRow>& edges) {
  REQUIRE(writer_, "a result file is finished once");
  std::exchange(writer_, nullptr)->finish(verdict, reason, edges);
}

}  // namespace skewbench::train
