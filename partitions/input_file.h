// A data file that is read from front to end, gzipped or plain, with every length checked.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "kernels/base/aligned.h"

namespace skewbench::partitions {

class InputFile {
 public:
  /// Opens `path`, which may be gzipped or not; throws if it is missing or no regular file.
  explicit InputFile(const std::string& path);

  const std::string& path() const { return path_; }

  /// The next 4 bytes as a big-endian number; `what` names it in the sentence when the file ends before.
  uint32_t read_big_endian(const char* what);

  /// Appends the next `count` bytes to `out`. Throws if the file ends before. Memory grows with what the file really
  /// holds, so a corrupt length in a header cannot ask for more than that.
  void read(int64_t count, const char* what, AlignedVector<std::byte>& out);

  /// Throws if the file goes on.
  void expect_end();

 private:
  int64_t read_some(std::byte* out, int64_t count);

  std::string path_;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
  int64_t offset_ = 0;  // uncompressed bytes read
};

}  // namespace skewbench::partitions
