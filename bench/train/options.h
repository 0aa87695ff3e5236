// The driver's options, once: name, default, sentence. The command line, the case string, the result file's `config`
// group and `--help` all read this table; nothing else knows a default.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace skewbench::train {

struct Option {
  const char* name;      ///< without dashes
  const char* standard;  ///< its default, as text
  const char* sentence;
};

const std::vector<Option>& option_table();

/// Every option's value as the user typed it. Constructed with the defaults.
class Options {
 public:
  Options();
  const std::string& text(const std::string& name) const { return values_.at(name); }
  double number(const std::string& name) const;
  int64_t integer(const std::string& name) const;
  bool flag(const std::string& name) const;  ///< "true" or "false"; anything else is refused
  /// Refuses a name that is not in the table, with the nearest one.
  void set(const std::string& name, const std::string& value);
  const std::map<std::string, std::string>& all() const { return values_; }
  bool operator==(const Options&) const = default;

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace skewbench::train
