#include "partitions/input_file.h"

#include <algorithm>
#include <filesystem>

#include "kernels/base/error.h"

namespace skewbench::partitions {

InputFile::InputFile(const std::string& path) : path_(path), file_(nullptr, gzclose) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  REQUIRE(std::filesystem::exists(status), "{} is missing", path);
  REQUIRE(std::filesystem::is_regular_file(status), "{} is not a file", path);
  file_.reset(gzopen(path.c_str(), "rb"));
  REQUIRE(file_, "{} cannot be opened for reading", path);
  gzbuffer(file_.get(), 1 << 18);
}

int64_t InputFile::read_some(std::byte* out, int64_t count) {
  const int got = gzread(file_.get(), out, static_cast<unsigned>(count));
  int code = Z_OK;
  const char* message = gzerror(file_.get(), &code);
  // A gzip stream that is cut off reads as Z_BUF_ERROR after its last whole byte; a bad checksum as Z_DATA_ERROR.
  REQUIRE(code != Z_BUF_ERROR, "{} is truncated: its gzip stream ends after {} bytes", path_,
          offset_ + std::max(got, 0));
  REQUIRE(got >= 0 && code == Z_OK, "{} is corrupt: {} after {} bytes", path_, message, offset_);
  offset_ += got;
  return got;
}

uint32_t InputFile::read_big_endian(const char* what) {
  std::byte bytes[4];
  const int64_t got = read_some(bytes, 4);
  REQUIRE(got == 4, "{} is truncated: it ends after {} bytes, within its {}", path_, offset_, what);
  uint32_t value = 0;
  for (const std::byte byte : bytes) value = value << 8 | std::to_integer<uint32_t>(byte);
  return value;
}

void InputFile::read(int64_t count, const char* what, AlignedVector<std::byte>& out) {
  constexpr int64_t kChunk = 1 << 24;  // bytes: few calls, and little memory for a header that lies
  for (int64_t done = 0; done < count;) {
    const int64_t chunk = std::min(kChunk, count - done);
    const std::size_t old_size = out.size();
    out.resize(old_size + static_cast<std::size_t>(chunk));
    const int64_t got = read_some(out.data() + old_size, chunk);
    done += got;
    REQUIRE(got == chunk, "{} is truncated: expected {} bytes of {}, found {}", path_, count, what, done);
  }
}

void InputFile::expect_end() {
  const int64_t expected = offset_;
  std::byte byte;
  REQUIRE(read_some(&byte, 1) == 0, "{} is too long: expected {} bytes, and it goes on", path_, expected);
}

}  // namespace skewbench::partitions
