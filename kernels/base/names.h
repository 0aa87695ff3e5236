// Names that a user types: a table of named things, and the nearest one when a name is unknown.
#pragma once

#include <cstdint>

#include <string>
#include <string_view>
#include <vector>

namespace skewbench {

/// A name and one sentence about it, as `--list` prints them.
struct Named {
  std::string name;
  std::string sentence;
};

/// The entry of `known` with the smallest edit distance to `name`; empty if `known` is.
std::string nearest_name(std::string_view name, const std::vector<std::string>& known);

/// Throws "unknown <kind> 'x'; did you mean 'y'? Known: ..." with the nearest name.
[[noreturn]] void fail_unknown(std::string_view kind, std::string_view name, const std::vector<std::string>& known);

/// "label:80" -> {"label", "80"}; "iid" -> {"iid", ""}.
struct NameWithArgument {
  std::string name, argument;
  bool has_argument = false;
};
NameWithArgument split_argument(std::string_view text);

/// The whole text as a finite number; throws a sentence that names `what` otherwise.
double parse_number(std::string_view text, std::string_view what);
int64_t parse_integer(std::string_view text, std::string_view what);

}  // namespace skewbench
