// A case is a string that reruns itself:
//   train:DATASET/MODEL/NORM/TOPOLOGY/nWORKERS/SKEW/ALGORITHM/seedSEED[/key=value ...]
// Values verbatim; every other option that is not at its default follows as key=value, sorted by key. A value may
// hold slashes (paths): a segment that opens no known `key=` belongs to the value before it.
#pragma once

#include <string>

#include "bench/train/options.h"

namespace skewbench::train {

/// Refuses a value with a folder like `lr=0.1` in its path: it would be read as an option.
std::string to_case_string(const Options& options);

/// The inverse. Options may come in any order and hold their default; anything else that to_case_string cannot have
/// written is refused with a sentence that says which part.
Options from_case_string(const std::string& text);

/// The case as a file name: `/` and `:` become `_`.
std::string case_file_name(const std::string& case_string);

}  // namespace skewbench::train
