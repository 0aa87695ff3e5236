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

/// A version does not take such a problem.
class NotTaken : public Error {
 public:
  using Error::Error;
};

/// What why_not() says becomes NotTaken, which names the version. To be asked before anything else: how much scratch memory a
/// version needs follows from a problem that it takes.
template <class Arguments>
void require_taken(const Version<Arguments>& version, const char* operation, const Arguments& arguments) {
  const std::string reason = version.why_not(arguments);
  if (!reason.empty()) throw NotTaken(fmt::format("{} v{} {}: {}", operation, version.number, version.idea, reason));
}

/// Launches what require_taken() lets pass.
template <class Arguments>
void launch(const Version<Arguments>& version, const char* operation, const Arguments& arguments, void* workspace, Stream stream) {
  require_taken(version, operation, arguments);
  version.launch(arguments, workspace, stream);
}

}  // namespace skewbench::device
