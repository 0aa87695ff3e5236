// Names and locks of result files (results/schema.md): which file a run may write, and how one takes its final name.
#pragma once

#include <filesystem>
#include <string>

namespace skewbench::train {

/// This machine's name, as in the lock of a running file.
std::string host_name();

/// The files of the result `NAME.h5`.
struct ResultPaths {
  explicit ResultPaths(const std::string& path);  ///< refuses what is not named *.h5, or named like an unfinished file

  std::filesystem::path folder;
  std::string name;       ///< without ".h5"
  std::string complete;   ///< FOLDER/NAME.h5
  std::string running;    ///< FOLDER/NAME.running.h5
};

/// Throws the sentence of why_result_cannot_start() if there is one.
void require_startable(const ResultPaths& paths);

/// Moves the running file of a dead process, if there is one, to FOLDER/NAME.interrupted-N.h5, N = 1, 2, ... the first free.
void move_interrupted_aside(const ResultPaths& paths);

/// Renames in one step; throws if `to` exists.
void rename_without_overwriting(const std::string& from, const std::string& to);

/// Returns when the file's or folder's content is on disk.
void sync_to_disk(const std::string& path);

}  // namespace skewbench::train
