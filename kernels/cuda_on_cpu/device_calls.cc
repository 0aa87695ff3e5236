#include "kernels/cuda_on_cpu/device_calls.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>

#include "kernels/cuda_on_cpu/ptx_memory.h"

namespace skewbench::cuda_on_cpu {
namespace {

/// The text at the address that a parameter holds.
const char* text_at(const Thread& thread, const std::byte* parameter) {
  return reinterpret_cast<const char*>(locate(thread, Space::generic, read_parameter<uint64_t>(parameter)));
}

/// Reads arguments as nvcc lays them out: each aligned to its own size.
class Arguments {
 public:
  explicit Arguments(const std::byte* at) : at_(at) {}

  template <class T>
  T take() {
    offset_ = (offset_ + sizeof(T) - 1) / sizeof(T) * sizeof(T);
    const T value = read_parameter<T>(at_ + offset_);
    offset_ += sizeof(T);
    return value;
  }

 private:
  const std::byte* at_;
  size_t offset_ = 0;
};

template <class T>
void append(std::string& text, const std::string& conversion, T value) {
  char buffer[512];
  std::snprintf(buffer, sizeof buffer, conversion.c_str(), value);
  text += buffer;
}

/// One conversion, "%5.2f", with its argument; '*' for width or precision takes an argument of its own.
void convert(const Thread& thread, std::string& text, std::string conversion, Arguments& arguments) {
  for (size_t star; (star = conversion.find('*')) != std::string::npos;) conversion.replace(star, 1, std::to_string(arguments.take<int32_t>()));
  const char kind = conversion.back();
  if (std::strchr("fFeEgGaA", kind) != nullptr)
    append(text, conversion, arguments.take<double>());
  else if (kind == 's')
    text += reinterpret_cast<const char*>(locate(thread, Space::generic, arguments.take<uint64_t>()));
  else if (kind == 'p' || conversion.find_first_of("lzjt") != std::string::npos)
    append(text, conversion, arguments.take<uint64_t>());
  else
    append(text, conversion, arguments.take<uint32_t>());
}

}  // namespace

void device_printf(Thread& thread, std::byte* result, const std::byte* format, const std::byte* arguments) {
  Arguments values(locate(thread, Space::generic, read_parameter<uint64_t>(arguments)));
  std::string text;
  int32_t count = 0;
  for (const char* at = text_at(thread, format); *at != 0; ++at) {
    if (*at != '%') {
      text += *at;
    } else if (at[1] == '%') {
      text += *at++;
    } else {
      const char* const end = at + std::strcspn(at, "diouxXcsfFeEgGaAp");
      if (*end == 0) break;
      convert(thread, text, std::string(at, end + 1), values);
      at = end;
      ++count;
    }
  }
  std::fwrite(text.data(), 1, text.size(), stdout);  // one call, so that lines of blocks on other cores do not mix
  write_parameter<int32_t>(result, count);
}

void device_assert_failed(Thread& thread, const std::byte* message, const std::byte* file, const std::byte* line,
                          const std::byte* function, const std::byte*, const Place* place) {
  thread_local std::string sentence;  // outlives what stop() unwinds
  sentence = fmt::format("assertion '{}' failed in {}, {}:{}", text_at(thread, message), text_at(thread, function), text_at(thread, file),
                         read_parameter<uint32_t>(line));
  stop(thread, place, sentence.c_str());
}

uint64_t clock_ticks() {
  using namespace std::chrono;
  return static_cast<uint64_t>(duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count());
}

}  // namespace skewbench::cuda_on_cpu
