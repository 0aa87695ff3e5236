#include "kernels/cuda_on_cpu/settings.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace skewbench::cuda_on_cpu {
namespace {

/// The whole of `text` as a number.
template <class Number>
bool parse(const std::string& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && error == std::errc{} && end == text.data() + text.size();
}

bool parse_order(const std::string& text, Settings& s) {
  constexpr const char kRandom[] = "random:";
  if (text == "forward") s.order = Order::forward;
  else if (text == "reversed") s.order = Order::reversed;
  else if (text.starts_with(kRandom) && parse(text.substr(sizeof kRandom - 1), s.seed)) s.order = Order::random;
  else return false;
  return true;
}

bool parse_switch(const std::string& text, bool& on) {
  on = text == "1";
  return text == "0" || text == "1";
}

/// "11.0" as CUDA's own number, 11000.
bool parse_version(const std::string& text, int& version) {
  const std::size_t dot = text.find('.');
  int major = 0, minor = 0;
  if (dot == std::string::npos || !parse(text.substr(0, dot), major) || !parse(text.substr(dot + 1), minor)) return false;
  version = 1000 * major + 10 * minor;
  return major >= 1 && major < 1000 && minor >= 0 && minor < 100;
}

struct Variable {
  const char* name;
  const char* takes;
  bool (*parse)(const std::string& text, Settings& settings);
};

constexpr Variable kVariables[] = {
    {"SKEWBENCH_CUDA_ORDER", "forward, reversed or random:SEED", parse_order},
    {"SKEWBENCH_CUDA_THREADS", "a number of OS threads from 1 to 256",
     [](const std::string& t, Settings& s) { return parse(t, s.threads) && s.threads >= 1 && s.threads <= 256; }},
    {"SKEWBENCH_CUDA_CHECKS", "0 or 1", [](const std::string& t, Settings& s) { return parse_switch(t, s.checks); }},
    {"SKEWBENCH_CUDA_MEMORY", "a number of bytes from 1 to 2^38",
     [](const std::string& t, Settings& s) {
       return parse(t, s.memory_bytes) && s.memory_bytes >= 1 && s.memory_bytes <= uint64_t{1} << 38;
     }},
    {"SKEWBENCH_CUDA_STREAMS", "deferred or eager",
     [](const std::string& t, Settings& s) { return s.eager_streams = t == "eager", t == "eager" || t == "deferred"; }},
    {"SKEWBENCH_CUDA_DEVICES", "0 or 1",
     [](const std::string& t, Settings& s) { return parse(t, s.devices) && (s.devices == 0 || s.devices == 1); }},
    {"SKEWBENCH_CUDA_SHARED_DEVICE", "0 or 1", [](const std::string& t, Settings& s) { return parse_switch(t, s.shared_device); }},
    {"SKEWBENCH_CUDA_DRIVER", "a CUDA version such as 12.4", [](const std::string& t, Settings& s) { return parse_version(t, s.driver); }},
    {"SKEWBENCH_CUDA_WATCHDOG", "a number of seconds above 0",
     [](const std::string& t, Settings& s) { return parse(t, s.watchdog_s) && s.watchdog_s > 0; }},
    {"SKEWBENCH_CUDA_COUNTS", "a file", [](const std::string& t, Settings& s) { return s.counts_file = t, !t.empty(); }},
};

Settings from_environment() {
  Settings result;
  for (const Variable& variable : kVariables) {
    const char* value = std::getenv(variable.name);
    if (value == nullptr) continue;
    const std::string objection = apply_setting(result, variable.name, value);
    if (objection.empty()) continue;
    std::fprintf(stderr, "%s\n", objection.c_str());
    std::_Exit(2);  // may run before main: nothing is there yet that an Error could be thrown to
  }
  return result;
}

}  // namespace

std::string apply_setting(Settings& settings, const std::string& name, const std::string& value) {
  for (const Variable& variable : kVariables) {
    if (name != variable.name) continue;
    return variable.parse(value, settings) ? "" : fmt::format("{}={}: it must be {}", name, value, variable.takes);
  }
  return fmt::format("{} is no variable of CUDA on the CPU", name);
}

Settings& settings() {
  static Settings result = from_environment();
  return result;
}

}  // namespace skewbench::cuda_on_cpu
