// Looking a version up, and launching it after its own objections were heard.
#pragma once

#include "kernels/base/error.h"
#include "kernels/base/versions.h"

namespace skewbench::device {

/// The version with this number; throws "conv2d forward has no v9; it has v1 direct, v2 ..." otherwise.
template <class Arguments>
const Version<Arguments>& find_version(Versions<Arguments> versions, int number, const char* operation) {
  std::string known;
  for (const auto& version : versions) {
    if (version.number == number) return version;
    known += fmt::format("{}v{} {}", known.empty() ? "" : ", ", version.number, version.idea);
  }
  fail("{} has no v{}; it has {}", operation, number, known);
}

/// Launches after asking why_not(); its reason becomes an Error that names the version.
template <class Arguments>
void launch(const Version<Arguments>& version, const char* operation, const Arguments& arguments, void* workspace, Stream stream) {
  const std::string reason = version.why_not(arguments);
  REQUIRE(reason.empty(), "{} v{} {}: {}", operation, version.number, version.idea, reason);
  version.launch(arguments, workspace, stream);
}

}  // namespace skewbench::device
